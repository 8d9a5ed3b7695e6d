import { describe, expect, it } from 'vitest'
import { refused } from '../../src/model/failure.ts'
import { failureFrom, parserFailure } from '../../src/model/framework-errors.ts'

const coded = (code: string): Error => Object.assign(new Error('text of a library'), { code })

describe('failureFrom', () => {
  it('keeps a failure as it is', () => {
    const failure = refused('list-denied')
    expect(failureFrom(failure)).toBe(failure)
  })

  it.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 'body-too-large'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'media-type-unsupported'],
    ['FST_ERR_ROUTE_MISSING_CONTENT_TYPE', 'media-type-unsupported'],
    ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'body-unreadable'],
    ['FST_ERR_BAD_URL', 'target-ambiguous'],
    ['FST_ERR_MAX_PARAM_LENGTH', 'target-too-long'],
    ['FST_ERR_NOT_FOUND', 'route-unknown'],
    ['FST_ERR_SOMETHING_ELSE', 'internal'],
  ])("%s → %s, without the library's text", (code, expected) => {
    const failure = failureFrom(coded(code))
    expect(failure.code).toBe(expected)
    expect(failure.message).not.toContain('library')
  })

  it.each(['a string', undefined, null, 7])('takes %s for a bug of ours', (thrown) => {
    expect(failureFrom(thrown)).toMatchObject({ code: 'internal', status: 500, options: { cause: thrown } })
  })
})

describe('parserFailure', () => {
  it.each([
    ['HPE_HEADER_OVERFLOW', 'headers-too-large', 431],
    ['ERR_HTTP_REQUEST_TIMEOUT', 'request-timeout', 408],
    ['HPE_INVALID_URL', 'target-ambiguous', 400],
    ['HPE_INVALID_CHUNK_SIZE', 'body-unreadable', 400],
    ['HPE_INVALID_METHOD', 'header-invalid', 400],
  ])('%s → %s, and keeps only the code: the packet holds credentials', (code, expected, status) => {
    const error = Object.assign(coded(code), { rawPacket: Buffer.from('Authorization: token a:b') })
    expect(parserFailure(error)).toMatchObject({ code: expected, status, options: { cause: code, close: true } })
  })
})
