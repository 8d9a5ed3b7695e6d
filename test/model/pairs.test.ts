import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePairs, writePairs } from '../../src/model/pairs.ts'

const read = (raw: string, lines = true) => parsePairs(raw, { lines })
const pairs = (...expected: readonly (readonly [string, string])[]) => ({ kind: 'pairs', pairs: expected })
const refused = (why: string) => ({ kind: 'refused', why })

describe('parsePairs', () => {
  it.each([
    ['', pairs()],
    ['a=1&b=2', pairs(['a', '1'], ['b', '2'])],
    ['a', pairs(['a', ''])],
    ['a=', pairs(['a', ''])],
    ['a==b=', pairs(['a', '=b='])],
    ['a=1&a=2', pairs(['a', '1'], ['a', '2'])],
    ['a=x+y%20z%2B', pairs(['a', 'x y z+'])],
    ['%61=%C3%BC', pairs(['a', 'ü'])],
    ['a=%2525', pairs(['a', '%25'])],
    ['a=x%0D%0Ay%09z', pairs(['a', 'x\r\ny\tz'])],
  ])('reads %j', (raw, expected) => {
    expect(read(raw)).toEqual(expected)
  })

  it.each([
    ['a=1;b=2', 'a semicolon'],
    ['=1', 'a parameter without a name'],
    ['a=1&', 'a parameter without a name'],
    ['a=%', 'an escape that is not UTF-8'],
    ['a=%zz', 'an escape that is not UTF-8'],
    ['a=%C0%AF', 'an escape that is not UTF-8'],
    ['a=%ED%A0%80', 'an escape that is not UTF-8'],
    ['a=%00', 'a control character'],
    ['a=%1B', 'a control character'],
    ['a%0A=1', 'a control character'],
    ['a=1&'.repeat(100) + 'a=1', 'more than 100 parameters'],
  ])('refuses %j', (raw, why) => {
    expect(read(raw)).toEqual(refused(why))
  })

  it('takes line breaks only where texts stand', () => {
    expect(read('a=x%0Ay', false)).toEqual(refused('a control character'))
  })

  it('reads what writePairs writes as the same pairs', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (given) => {
        const written = writePairs(given)
        expect(written).toMatch(/^[A-Za-z0-9._~%=&-]*$/)
        const again = read(written)
        if (again.kind === 'pairs') expect(again.pairs).toEqual(given)
        else expect(again.why).toBe('a control character')
      }),
    )
  })
})
