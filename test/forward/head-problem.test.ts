import { describe, expect, it } from 'vitest'
import { headProblem } from '../../src/forward/head-problem.ts'

const nameOf = (status: number, headers: readonly string[]): string | undefined =>
  headProblem(status, headers)?.proxyError

describe('the head of an answer', () => {
  it.each([199, 600, 999, 101])('has no status %i', (status) => {
    expect(nameOf(status, [])).toBe('http_protocol_error')
  })

  it.each([
    ['gzip', ['Transfer-Encoding', 'gzip']],
    ['gzip and chunks', ['transfer-encoding', 'gzip, chunked']],
    ['two', ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
    ['none', ['Transfer-Encoding', '']],
  ])('has a transfer coding that stays coded: %s', (_what, headers) => {
    expect(nameOf(200, headers)).toBe('http_response_transfer_coding')
  })

  it('is too large by its fields or by a name', () => {
    expect(
      nameOf(
        200,
        Array.from({ length: 514 }, () => 'a'),
      ),
    ).toBe('http_response_header_section_size')
    expect(nameOf(200, ['n'.repeat(257), ''])).toBe('http_response_header_section_size')
  })

  it('is as it should be', () => {
    expect(nameOf(200, [])).toBeUndefined()
    expect(nameOf(599, ['Transfer-Encoding', ' Chunked ', 'X-Transfer-Coding', 'gzip'])).toBeUndefined()
    expect(
      nameOf(
        204,
        Array.from({ length: 512 }, () => 'n'.repeat(256)),
      ),
    ).toBeUndefined()
  })
})
