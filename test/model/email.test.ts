import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEmail } from '../../src/model/email.ts'

describe('parseEmail', () => {
  it.each([
    ['ada@example.org', 'ada@example.org'],
    ['Ada.Lovelace+News@Example.ORG', 'ada.lovelace+news@example.org'],
    ['o_b-c@localhost', 'o_b-c@localhost'],
    ['-a-@example.org', '-a-@example.org'],
    ['a.-b@example.org', 'a.-b@example.org'],
    ['a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
    ['a!#&+=^_|~b@example.org', 'a!#&+=^_|~b@example.org'],
    [`${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`],
  ])('reads %s', (text, email) => {
    expect(parseEmail(text)).toBe(email)
  })

  it.each([
    ['', 'nothing'],
    ['ada', 'no host'],
    ['@example.org', 'no local part'],
    ['ada@', 'an empty host'],
    ['a@b@example.org', 'two signs'],
    ["o'hara@example.org", 'a quote'],
    ["a@example.org' OR '1'='1", 'SQL behind a quote'],
    ['"a b"@example.org', 'a quoted local part'],
    ['a\\@example.org', 'a backslash'],
    ['a%@example.org', 'a percent sign'],
    ['$1@example.org', 'a dollar sign'],
    ['a?@example.org', 'a question mark'],
    ['{id}@example.org', 'braces'],
    ['a--b@example.org', 'a comment sign'],
    ['--@example.org', 'a comment sign alone'],
    ['a/*b*/@example.org', 'a comment'],
    ['a;@example.org', 'a semicolon'],
    ['a.@example.org', 'a dot at the end'],
    ['.a@example.org', 'a dot at the start'],
    ['a..b@example.org', 'two dots'],
    ['a@-example.org', 'a label that begins with a hyphen'],
    ['a@example-.org', 'a label that ends with a hyphen'],
    ['a@example.org.', 'a dot behind the host'],
    ['a@[127.0.0.1]', 'an address literal'],
    ['a@ex_ample.org', 'an underscore in the host'],
    [' a@example.org', 'a space before'],
    ['a@example.org\n', 'a line break behind'],
    ['a\0@example.org', 'a zero byte'],
    ['ü@example.org', 'a letter beyond ASCII'],
    ['\u212a@example.org', 'a sign that lower case makes an ASCII letter'],
    [`${'a'.repeat(65)}@example.org`, 'a local part that is too long'],
    [`a@${'b'.repeat(64)}.org`, 'a label that is too long'],
    [`a@${'b.'.repeat(130)}org`, 'an address that is too long'],
  ])('refuses %j: %s', (text) => {
    expect(parseEmail(text)).toBeUndefined()
  })

  it('gives nothing that could leave an SQL literal, and reads what it gives as the same', () => {
    const unit = fc.constantFrom(...Array.from('aA0.@-_+\'"\\%$;/*{}()\n\0 ü'))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 24 }), (text) => {
        const email = parseEmail(text)
        if (email === undefined) return
        expect(email).toMatch(/^[a-z0-9._+@-]+$/)
        expect(parseEmail(email)).toBe(email)
      }),
    )
  })
})
