import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeJson } from '../../src/model/json.ts'
import type { FieldType } from '../../src/policy/body-shape.ts'
import { judgeJson, type JudgedJson } from '../../src/scope/judge-json.ts'

const closed = {
  fields: new Map<string, FieldType>([
    ['email', 'text'],
    ['lists', 'ids'],
    ['tags', 'texts'],
    ['list', 'id'],
    ['on', 'bool'],
    ['score', 'number'],
    ['attribs', 'object'],
    ['media', 'objects'],
    ['extra', 'any'],
  ]),
  strip: new Set(['id', 'uuid']),
}
const open = { fields: undefined, strip: new Set(['uuid']) }

const judgeClosed = (text: string): JudgedJson => judgeJson(closed, ['lists'], Buffer.from(text))
const judgeOpen = (text: string, judged = ['lists', 'data.lists', 'items[].list_id']): JudgedJson =>
  judgeJson(open, judged, Buffer.from(text))
const unreadable = (why: string): JudgedJson => ({ kind: 'unreadable', why })

/** What would be sent, or the judgement. */
function sent(judged: JudgedJson): string | JudgedJson {
  return judged.kind === 'ok' ? writeJson(judged.value).toString() : judged
}

describe('judgeJson of a closed body', () => {
  it.each([
    ['{"email":"a@b.test","lists":[1,2]}', '{"email":"a@b.test","lists":[1,2]}'],
    [' { "lists" : [ ] } ', '{"lists":[]}'],
    ['{"id":7,"uuid":"x","email":"a"}', '{"email":"a"}'],
    ['{"tags":["a",""],"list":2147483647,"on":false}', '{"tags":["a",""],"list":2147483647,"on":false}'],
    ['{"score":1.50,"extra":[1e2,{"a":null}]}', '{"score":1.50,"extra":[1e2,{"a":null}]}'],
    [
      '{"attribs":{"Lists":1,"lists":2},"media":[{},{"a":1}]}',
      '{"attribs":{"Lists":1,"lists":2},"media":[{},{"a":1}]}',
    ],
    // null is taken as absent, and is sent only where a value of any kind may stand
    ['{"email":null,"lists":null,"list":null,"on":null,"media":null}', '{}'],
    ['{"extra":null,"attribs":null}', '{"extra":null,"attribs":null}'],
    ['{}', '{}'],
  ])('takes %s and sends %s', (text, expected) => {
    expect(sent(judgeClosed(text))).toBe(expected)
  })

  it.each(['', ' ', '\r\n\t '])('J19 takes %j for no body', (text) => {
    expect(judgeClosed(text)).toEqual({ kind: 'absent' })
  })

  it.each([
    ['J01', '{"lists":[1],"lists":[7]}', 'the key `lists` stands twice, at byte 13'],
    ['J02', '{"lists":[1],"Lists":[7]}', 'the field `Lists` is spelt `lists`'],
    ['J02', '{"LISTS":[7]}', 'the field `LISTS` is spelt `lists`'],
    ['J02', '{"ID":7}', 'the field `ID` is spelt `id`'],
    ['J03', '{"liſts":[7]}', 'the field `li\\u017fts` is spelt `lists`'],
    ['J03', '{"li\\u017fts":[7]}', 'the field `li\\u017fts` is spelt `lists`'],
    ['J05', '{"lists":[1],"headers":[]}', 'the field `headers` is unknown'],
    ['J05', '{"toString":1}', 'the field `toString` is unknown'],
    ['J10', '\ufeff{}', 'a value is expected, at byte 0'],
    ['J14', '{"lists":[1]}{"lists":[7]}', 'something follows the value, at byte 13'],
    ['J17', '{"__proto__":{}}', 'the key `__proto__` is not taken, at byte 1'],
    ['J18', '[]', 'the body is not a JSON object'],
    ['J18', '"{\\"lists\\":[7]}"', 'the body is not a JSON object'],
    ['J18', '5', 'the body is not a JSON object'],
    ['J18', '1.5', 'the body is not a JSON object'],
    ['J18', 'null', 'the body is not a JSON object'],
    ['C10', '{"_method":"DELETE"}', 'the field `_method` is unknown'],
  ])('%s cannot read %s', (_id, text, why) => {
    expect(judgeClosed(text)).toEqual(unreadable(why))
  })

  it.each([
    ['J08', '{"lists":[1,"3"]}', 'lists[1]', '`"3"` is not an integer id'],
    ['J07', '{"lists":[1.0]}', 'lists[0]', '`1.0` is not an integer id'],
    ['J07', '{"list":1e0}', 'list', '`1e0` is not an integer id'],
    ['J07', '{"list":-0}', 'list', '`-0` is not an integer id'],
    ['J08', '{"list":"5"}', 'list', '`"5"` is not an integer id'],
    ['J08', '{"list":[5]}', 'list', 'an array is not an integer id'],
    ['J08', '{"list":true}', 'list', 'true or false is not an integer id'],
    ['J08', '{"list":{"$gt":0}}', 'list', 'an object is not an integer id'],
    ['J08', '{"list":0}', 'list', '`0` is not an integer id'],
    ['J08', '{"list":2147483648}', 'list', '`2147483648` is not an integer id'],
    ['J09', '{"lists":[null]}', 'lists[0]', 'null is not taken in an array'],
    ['J08', '{"lists":{"0":1}}', 'lists', 'an array is expected, not an object'],
    ['J08', '{"lists":1}', 'lists', 'an array is expected, not a number'],
    ['J08', '{"email":["a"]}', 'email', 'a text is expected, not an array'],
    ['J08', '{"email":5}', 'email', 'a text is expected, not a number'],
    ['J08', '{"on":"true"}', 'on', 'true or false is expected, not a text'],
    ['J08', '{"on":1}', 'on', 'true or false is expected, not a number'],
    ['J08', '{"score":"1"}', 'score', 'a number is expected, not a text'],
    ['J08', '{"attribs":[]}', 'attribs', 'an object is expected, not an array'],
    ['J08', '{"attribs":1.5}', 'attribs', 'an object is expected, not a number'],
    ['J08', '{"media":[{},1]}', 'media[1]', 'an object is expected, not a number'],
    ['J08', '{"tags":["a",1]}', 'tags[1]', 'a text is expected, not a number'],
  ])('%s tells what is wrong in %s', (_id, text, path, problem) => {
    expect(judgeClosed(text)).toEqual({ kind: 'invalid', fields: [{ path, problem }] })
  })

  it('tells of several fields at once, and of twenty at most', () => {
    expect(judgeClosed('{"email":1,"on":2}')).toEqual({
      kind: 'invalid',
      fields: [
        { path: 'email', problem: 'a text is expected, not a number' },
        { path: 'on', problem: 'true or false is expected, not a number' },
      ],
    })
    const judged = judgeClosed(`{"email":1,"lists":[${'"x",'.repeat(99)}"x"]}`)
    expect(judged.kind === 'invalid' && judged.fields.length).toBe(20)
  })

  it('J21 refuses more than 10,000 ids', () => {
    const ids = (count: number): string =>
      `{"lists":[${Array.from({ length: count }, (_, index) => index + 1).join()}]}`
    expect(judgeClosed(ids(10_000)).kind).toBe('ok')
    expect(judgeClosed(ids(50_000))).toEqual({
      kind: 'invalid',
      fields: [{ path: 'lists', problem: 'more than 10000 elements' }],
    })
  })

  it('shows of what it refuses only what is short and printable', () => {
    const judged = judgeClosed(JSON.stringify({ list: `\u202e${'x'.repeat(100_000)}` }))
    expect(judged).toEqual({
      kind: 'invalid',
      fields: [{ path: 'list', problem: `\`"\\u202e${'x'.repeat(62)}…\` is not an integer id` }],
    })
  })
})

describe('judgeJson of an open body', () => {
  it.each([
    ['{"anything":[1.0,null],"Any":1,"any":2}', '{"anything":[1.0,null],"Any":1,"any":2}'],
    ['{"uuid":"x","lists":null}', '{"lists":null}'],
    ['{"data":{"lists":[1],"x":1},"other":{"Lists":1}}', '{"data":{"lists":[1],"x":1},"other":{"Lists":1}}'],
    ['{"data":[{"Lists":1}]}', '{"data":[{"Lists":1}]}'],
  ])('takes %s and sends %s', (text, expected) => {
    expect(sent(judgeOpen(text))).toBe(expected)
  })

  it.each([
    ['J02', '{"x":1,"Lists":[7]}', 'the field `Lists` is spelt `lists`'],
    ['J02', '{"UUID":1}', 'the field `UUID` is spelt `uuid`'],
    ['J02', '{"Data":{"lists":[7]}}', 'the field `Data` is spelt `data`'],
    ['J02', '{"data":{"lists":[1],"LISTS":[7]}}', 'the field `LISTS` is spelt `lists`'],
    ['J03', '{"data":{"list\\u017f":[7]}}', 'the field `list\\u017f` is spelt `lists`'],
    ['J02', '{"items":[{"list_id":1},{"List_ID":7}]}', 'the field `List_ID` is spelt `list_id`'],
    ['J02', '{"items":[{"list_id":1,"LIST_ID":7}]}', 'the field `LIST_ID` is spelt `list_id`'],
  ])('%s cannot read %s', (_id, text, why) => {
    expect(judgeOpen(text)).toEqual(unreadable(why))
  })
})

describe('judgeJson, on anything', () => {
  it('answers, and what it takes reads as the same when it is judged again', () => {
    const key = fc.constantFrom('email', 'lists', 'Lists', 'id', 'tags', 'on', 'score', 'attribs', 'extra', 'x')
    const value = fc.oneof(fc.json({ maxDepth: 2 }), fc.constantFrom('[1]', '"a"', 'true', '1.0', '{}', 'null'))
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 4 }), fc.boolean(), (members, isClosed) => {
        const text = `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${inner}`).join()}}`
        const judge = (bytes: Buffer): JudgedJson => judgeJson(isClosed ? closed : open, ['lists'], bytes)
        const judged = judge(Buffer.from(text))
        if (judged.kind === 'ok') expect(judge(writeJson(judged.value))).toEqual(judged)
      }),
      { numRuns: 2_000 },
    )
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void judgeJson(closed, ['lists'], Buffer.from(bytes))))
  })
})

describe('judgeJson of a body whose arrays are bounded', () => {
  const bounded = { ...closed, most: new Map([['lists', 1]]) }
  const judge = (text: string): JudgedJson => judgeJson(bounded, [], Buffer.from(text))

  it('takes as many elements as it says', () => {
    expect(sent(judge('{"lists":[1],"tags":["a","b"]}'))).toBe('{"lists":[1],"tags":["a","b"]}')
    expect(sent(judge('{"lists":[]}'))).toBe('{"lists":[]}')
  })

  it('refuses one more and names the field', () => {
    expect(judge('{"lists":[1,1]}')).toEqual({
      kind: 'invalid',
      fields: [{ path: 'lists', problem: 'more than 1 element' }],
    })
  })
})
