import { describe, expect, it } from 'vitest'
import type { FormType } from '../../src/policy/body-shape.ts'
import { judgeForm } from '../../src/scope/judge-form.ts'

const fields = new Map<string, FormType>([
  ['body', 'text'],
  ['template_id', 'number'],
  ['on', 'bool'],
  ['list', 'id'],
])
const judge = (text: string | Buffer) => judgeForm(fields, Buffer.from(text))

describe('judgeForm', () => {
  it.each([
    ['body=Hello+%C3%BC%0D%0A&template_id=2', { body: 'Hello ü\r\n', template_id: '2' }],
    ['on=true&list=3', { on: 'true', list: '3' }],
    // What is empty names nothing; only a text may be empty.
    ['body=&template_id=&on=&list', { body: '' }],
    ['template_id=-1', { template_id: '-1' }],
    // As a shell sends it, escapes forgotten.
    ['body=Hello ü', { body: 'Hello ü' }],
  ])('takes %j', (text, value) => {
    expect(judge(text)).toEqual({ kind: 'ok', value })
  })

  it.each([
    ['body=a&body=b', 'the field `body` stands twice'],
    ['template_id=&template_id=2', 'the field `template_id` stands twice'],
    ['Template_ID=2', 'the field `Template_ID` is spelt `template_id`'],
    ['li%C5%BFt=2', 'the field `li\\u017ft` is spelt `list`'],
    ['bodies=2', 'the field `bodies` is unknown'],
    ['template_id[]=2', 'the field `template_id[]` is unknown'],
    ['__proto__=2', 'the field `__proto__` is unknown'],
    ['body=a;template_id=2', 'the form holds a semicolon'],
    ['body=%', 'the form holds an escape that is not UTF-8'],
    ['body=%FF', 'the form holds an escape that is not UTF-8'],
    ['body=%00', 'the form holds a control character'],
    ['body=a&', 'the form holds a parameter without a name'],
  ])('cannot read %j', (text, why) => {
    expect(judge(text)).toEqual({ kind: 'unreadable', why })
  })

  it('cannot read bytes that are no UTF-8', () => {
    expect(judge(Buffer.from('body=\xff', 'latin1'))).toEqual({ kind: 'unreadable', why: 'the body is not UTF-8' })
  })

  it.each([
    ['template_id=02', 'template_id', 'a whole number in plain decimal is expected'],
    ['template_id=2.0', 'template_id', 'a whole number in plain decimal is expected'],
    ['template_id=+2', 'template_id', 'a whole number in plain decimal is expected'],
    ['template_id=0x2', 'template_id', 'a whole number in plain decimal is expected'],
    ['on=1', 'on', 'true or false is expected'],
    ['list=0', 'list', 'an id in plain decimal (1 to 2147483647) is expected'],
  ])('refuses %s', (text, path, problem) => {
    expect(judge(text)).toEqual({ kind: 'invalid', fields: [{ path, problem }] })
  })
})
