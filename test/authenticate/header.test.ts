import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCredential } from '../../src/authenticate/header.ts'

const strict = { bearer: false, apiKey: false }
const open = { bearer: true, apiKey: true }
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const credential = (name: string, secret: string, method = 'basic') => ({ kind: 'credential', name, secret, method })
const malformed = { kind: 'malformed' }
const none = { kind: 'none' }

describe('readCredential', () => {
  it.each([
    ['B01', `basic ${base64('bob:abc')}`, credential('bob', 'abc')],
    ['B01', `BASIC ${base64('bob:abc')}`, credential('bob', 'abc')],
    ['B01', `Basic     ${base64('bob:abc')}`, credential('bob', 'abc')],
    ['B04 the first colon', `Basic ${base64('user:pa:ss:word')}`, credential('user', 'pa:ss:word')],
    ['B06 UTF-8', `Basic ${base64('us\u00e9r:p\u00e4ssword')}`, credential('us\u00e9r', 'p\u00e4ssword')],
    ['a secret of blanks', `Basic ${base64('bob: ')}`, credential('bob', ' ')],
    ['token', 'token bob:abc', credential('bob', 'abc', 'token')],
    ['token in any case', 'TOKEN   bob:a:b', credential('bob', 'a:b', 'token')],
    ['token in UTF-8', `token ${latin1('us\u00e9r:x')}`, credential('us\u00e9r', 'x', 'token')],
  ])('%s: reads %s', (_id, value, expected) => {
    expect(readCredential(value, undefined, strict)).toEqual(expected)
  })

  it.each([
    ['B02', 'Basic'],
    ['B02', 'Basic '],
    ['B02', 'Basic ='],
    ['B02', 'token'],
    ['B02', 'token '],
    ['B03 URL-safe', 'Basic Pz8_Pj4-Og=='],
    ['B03 inner blank', `Basic ${base64('bob:abcd').slice(0, 4)} ${base64('bob:abcd').slice(4)}`],
    ['B03 missing padding', `Basic ${base64('bob:abcd').replace(/=+$/, '')}`],
    ['B03 extra padding', `Basic ${base64('bob:abcd')}=`],
    ['B03', `Basic ${base64('bob:abc')}!`],
    ['B03', `Basic !${base64('bob:abc')}`],
    ['B03 loose last bits', 'Basic Ym9iOmFiY2R='],
    ['B03 a tab', `Basic \t${base64('bob:abc')}`],
    ['B05 no colon', `Basic ${base64('bobabc')}`],
    ['B05 no name', `Basic ${base64(':secret')}`],
    ['B05 no secret', `Basic ${base64('user:')}`],
    ['B05', `Basic ${base64(':')}`],
    ['B05', 'token bob'],
    ['B05', 'token :abc'],
    ['B05', 'token bob:'],
    ['B06 Latin-1', `Basic ${Buffer.from('us\u00e9r:x', 'latin1').toString('base64')}`],
    ['B06 overlong', `Basic ${Buffer.from([0xc0, 0xae, 0x3a, 0x61]).toString('base64')}`],
    ['B06 surrogate', `Basic ${Buffer.from([0xed, 0xa0, 0x80, 0x3a, 0x61]).toString('base64')}`],
    ['B06 Latin-1 token', 'token us\u00e9r:x'],
    ['B07', `Basic ${base64('bo\u0000b:abc')}`],
    ['B07', `Basic ${base64('bob:a\u001fbc')}`],
    ['B07', `Basic ${base64('bob:abc\n')}`],
    ['B07', `Basic ${base64('bob\u007f:abc')}`],
    ['B07', 'token bob\t:abc'],
    ['B08', `Basic ${base64(`bob:${'a'.repeat(8192)}`)}`],
    ['B08', `token bob:${'a'.repeat(1024)}`],
    ['B09', 'Digest username="bob"'],
    ['B09', 'Negotiate abc'],
    ['B09 the backend takes this', 'tokenbob:abc'],
    ['B09', `Basic${base64('bob:abc')}`],
    ['B09', 'bob:abc'],
    ['B09', ' token bob:abc'],
    ['B09 switched off', 'Bearer bob:abc'],
  ])('%s: finds %j malformed', (_id, value) => {
    expect(readCredential(value, undefined, strict)).toEqual(malformed)
  })

  it('B08: takes 1024 bytes', () => {
    const secret = 'a'.repeat(1024 - 'token bob:'.length)

    expect(readCredential(`token bob:${secret}`, undefined, strict)).toEqual(credential('bob', secret, 'token'))
  })

  it('takes nothing for nothing', () => {
    expect(readCredential(undefined, undefined, strict)).toEqual(none)
    expect(readCredential('', undefined, strict)).toEqual(none)
    expect(readCredential('', '', open)).toEqual(none)
  })

  it('reads Bearer and X-API-Key where they are switched on', () => {
    expect(readCredential('bearer bob:abc', undefined, open)).toEqual(credential('bob', 'abc', 'bearer'))
    expect(readCredential(undefined, 'bob:a:b', open)).toEqual(credential('bob', 'a:b', 'api-key'))
    expect(readCredential('', 'bob:abc', open)).toEqual(credential('bob', 'abc', 'api-key'))
    expect(readCredential(undefined, 'bob', open)).toEqual(malformed)
    expect(readCredential(undefined, `bob:${'a'.repeat(1024)}`, open)).toEqual(malformed)
  })

  it('does not look at X-API-Key where it is switched off', () => {
    expect(readCredential(undefined, 'bob:abc', strict)).toEqual(none)
    expect(readCredential('token bob:abc', 'eve:abc', strict)).toEqual(credential('bob', 'abc', 'token'))
  })

  it('finds two credentials malformed, whatever they are', () => {
    expect(readCredential('token bob:abc', 'bob:abc', open)).toEqual(malformed)
    expect(readCredential('Digest x', 'bob:abc', open)).toEqual(malformed)
  })

  it('reads every name and secret back that was encoded', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 })
    // oxlint-disable-next-line no-control-regex -- controls are not to be generated
    const half = text.filter((each) => !/[\u0000-\u001f\u007f]/.test(each) && each.isWellFormed())
    const name = half.map((each) => each.replaceAll(':', '')).filter((each) => each !== '')
    fc.assert(
      fc.property(name, half, (user, secret) => {
        expect(readCredential(`Basic ${base64(`${user}:${secret}`)}`, undefined, strict)).toEqual(
          credential(user, secret),
        )
      }),
    )
  })

  it('never reads two values of Basic as the same credential', () => {
    const characters = fc.constantFrom(...'ABYZabyz0189+/=-_ \t!'.split(''))
    const seen = new Map<string, string>()
    let read = 0
    fc.assert(
      fc.property(fc.array(characters, { maxLength: 12 }), (tail) => {
        const value = `Ym9iOm${tail.join('')}`
        const reading = readCredential(`Basic ${value}`, undefined, strict)
        if (reading.kind !== 'credential') return
        read++
        const key = JSON.stringify([reading.name, reading.secret])
        expect(seen.get(key) ?? value).toBe(value)
        seen.set(key, value)
      }),
      { numRuns: 5000 },
    )
    expect(read).toBeGreaterThan(50)
  })
})
