import { describe, expect, it } from 'vitest'
import { requestIdOf, traceIdOf, traceparentOf } from '../../src/observe/request-id.ts'

const fresh = () => '01234567-89ab-cdef-0123-456789abcdef'

describe('requestIdOf', () => {
  it('believes a trusted peer that keeps to the allowed characters, and nobody else', () => {
    expect(requestIdOf('abc.DEF_1-2', true, fresh)).toBe('abc.DEF_1-2')
    expect(requestIdOf('abc', false, fresh)).toBe(fresh())
    expect(requestIdOf(undefined, true, fresh)).toBe(fresh())
    for (const bad of ['', 'a b', 'a\nb', 'ä', 'x'.repeat(129)]) expect(requestIdOf(bad, true, fresh)).toBe(fresh())
  })
})

describe('traceparentOf', () => {
  const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

  it('passes a well-formed context on and starts one otherwise', () => {
    expect(traceparentOf(good, fresh)).toBe(good)
    const made = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01'
    for (const bad of [undefined, 'x', good.toUpperCase(), `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `${good}-x`]) {
      expect(traceparentOf(bad, fresh)).toBe(made)
    }
    expect(traceIdOf(good)).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  })
})
