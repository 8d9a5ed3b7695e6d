import { describe, expect, it } from 'vitest'
import { parseMultipart, parseValues } from '../../../src/demo/backend/form.ts'

describe('parseValues', () => {
  it('drops pairs with a semicolon or a bad escape, and reads plus as a space', () => {
    expect([...parseValues('a=1&a=%C3%BC+x&b=1;c=2&d=%zz&e&=f')]).toEqual([
      ['a', ['1', 'ü x']],
      ['e', ['']],
      ['', ['f']],
    ])
  })

  it('reads nothing at all where there are more than ten thousand', () => {
    expect(parseValues('a&'.repeat(9_999) + 'b=1').size).toBe(2)
    expect(parseValues('a&'.repeat(10_000) + 'b=1').size).toBe(0)
  })
})

describe('parseMultipart', () => {
  it('reads fields and files with every byte', () => {
    const body = Buffer.from(
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n2\r\n--x\r\nContent-Disposition: form-data; name="f"; filename="b.bin"\r\n\r\n\u00ff\u0000\r\n--x--\r\n',
      'latin1',
    )

    expect(parseMultipart('multipart/form-data; boundary=x', body)).toEqual([
      { name: 'a', filename: undefined, content: Buffer.from('1\r\n2') },
      { name: 'f', filename: 'b.bin', content: Buffer.from([0xff, 0]) },
    ])
    expect(parseMultipart('multipart/form-data', body)).toBeUndefined()
  })
})
