import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchComparison, parseComparison, writeComparison, type Comparison } from '../../src/model/comparison.ts'

const email: Comparison = { column: 'subscribers.email', value: 'email' }
const id: Comparison = { column: 'subscribers.id', value: 'id' }
const uuid: Comparison = { column: 'subscribers.uuid', value: 'uuid' }
const all = [email, id, uuid]
const someUuid = 'c37786af-e6ab-4260-9b49-740ad1bc3e6d'

describe('parseComparison', () => {
  it.each([
    ["subscribers.email='{email}'", email],
    ['subscribers.id={id}', id],
    ["subscribers.uuid='{uuid}'", uuid],
    ['id={id}', { column: 'id', value: 'id' }],
    ["subscribers.email='{name}'", undefined],
    ["subscribers.email='ada@example.org'", undefined],
    ["true OR subscribers.email='{email}'", undefined],
    ["subscribers.email='{email}' OR true", undefined],
  ])('reads the pattern %s', (text, expected) => {
    expect(parseComparison(text)).toEqual(expected)
  })
})

describe('matchComparison', () => {
  it.each([
    // What the clients `listmonk` and `listmonk-mcp` send.
    ["subscribers.email='ada@example.org'", "subscribers.email='ada@example.org'"],
    ["subscribers.email = 'ada@example.org'", "subscribers.email='ada@example.org'"],
    ['subscribers.id=1', 'subscribers.id=1'],
    [`subscribers.uuid='${someUuid}'`, `subscribers.uuid='${someUuid}'`],
    ["subscribers.email   ='Ada+News@Example.ORG'", "subscribers.email='ada+news@example.org'"],
    ['subscribers.id =  2147483647', 'subscribers.id=2147483647'],
  ])('takes %s', (text, expected) => {
    expect(matchComparison(all, text)).toBe(expected)
  })

  it.each([
    ['', 'nothing'],
    ["subscribers.email='ada@example.org' OR true", 'more behind it'],
    ["subscribers.email='ada@example.org';", 'a semicolon behind it'],
    ["subscribers.email='ada@example.org'--", 'a comment behind it'],
    [" subscribers.email='ada@example.org'", 'a space before it'],
    ["subscribers.email='ada@example.org' ", 'a space behind it'],
    ["subscribers.email='ada@example.org'\n", 'a line break behind it'],
    ["subscribers.email\t='ada@example.org'", 'a tab'],
    ["subscribers.email=\u00a0'ada@example.org'", 'another space'],
    ["subscribers.email='a''b@example.org'", 'a doubled quote'],
    ["subscribers.email='a\\'b@example.org'", 'an escaped quote'],
    ["subscribers.email='%@example.org'", 'a pattern'],
    ["subscribers.email=E'ada@example.org'", 'another kind of literal'],
    ['subscribers.email=$$ada@example.org$$', 'dollar quotes'],
    ["subscribers.email LIKE 'ada@example.org'", 'another operator'],
    ["subscribers.email!='ada@example.org'", 'an inequality'],
    ["subscribers.email>='ada@example.org'", 'an order'],
    ["Subscribers.email='ada@example.org'", 'another spelling of the column'],
    ["subscribers.name='ada@example.org'", 'another column'],
    ["subscribers.email='5'", 'a value of another kind'],
    ['subscribers.email=5', 'a number for a text'],
    ["subscribers.id='5'", 'a text for a number'],
    ['subscribers.id=05', 'a leading zero'],
    ['subscribers.id=0', 'no id'],
    ['subscribers.id=-1', 'a sign'],
    ['subscribers.id=2147483648', 'an id that is too large'],
    ['subscribers.id=1 OR 1=1', 'an alternative'],
    ['subscribers.id=id', 'a column for a value'],
    [`subscribers.uuid='${someUuid.toUpperCase()}'`, 'capitals in a UUID'],
    [`subscribers.uuid='${someUuid.replaceAll('-', '')}'`, 'a UUID without hyphens'],
  ])('takes not %j: %s', (text) => {
    expect(matchComparison(all, text)).toBeUndefined()
  })

  it('gives nothing but a column and one literal, whatever it is given', () => {
    const unit = fc.constantFrom(...Array.from("'=; -/*\\%$aA1@.OR\n\0"), 'subscribers.email', 'subscribers.id', " = '")
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 14 }), (pieces) => {
        const written = matchComparison(all, pieces.join(''))
        if (written === undefined) return
        expect(written).toMatch(/^subscribers\.(?:id=[1-9][0-9]*|email='[a-z0-9.@=-]+')$/)
        expect(matchComparison(all, written)).toBe(written)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('writeComparison', () => {
  it.each([
    [email, 'Ada@Example.org', "subscribers.email='ada@example.org'"],
    [id, '7', 'subscribers.id=7'],
    [uuid, someUuid, `subscribers.uuid='${someUuid}'`],
    [email, "a'b@example.org", undefined],
    [email, '', undefined],
    [id, '7 OR 1=1', undefined],
    [uuid, `${someUuid}'`, undefined],
  ])('%o of %j', (comparison, text, expected) => {
    expect(writeComparison(comparison, text)).toBe(expected)
  })
})
