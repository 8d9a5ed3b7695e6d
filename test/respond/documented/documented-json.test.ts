import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDocumentedJson } from '../../../src/respond/documented/documented-json.ts'

function run(text: string, places: readonly number[] = []): string {
  const bytes = Buffer.from(text)
  const documented = createDocumentedJson(330)
  const out: Buffer[] = []
  let from = 0
  for (const place of [...places.map((each) => each % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    out.push(Buffer.from(documented.write(Buffer.from(bytes.subarray(from, place)))))
    from = place
  }
  return Buffer.concat([...out, documented.end()]).toString()
}

const everyByte = (text: string): number[] => Array.from({ length: Buffer.byteLength(text) }, (_, index) => index)

const utc = '"2026-03-02T08:15:30.4512Z"'
const local = '"2026-03-02T13:45:30.451200+05:30"'

describe('an answer as documented', () => {
  it.each([
    ['says success first', '{"data":true}', '{"status":"success","data":true}'],
    ['says it in an empty object', ' { } ', ' { "status":"success"} '],
    ['keeps its indentation', '{\n  "data": 1.0\n}', '{\n  "status":"success","data": 1.0\n}'],
    ['says nothing in an array', '[{"a":1}]', '[{"a":1}]'],
    ['says nothing in a text', '"x"', '"x"'],
    [
      'shows known times in the zone',
      `{"data":{"results":[{"created_at":${utc},"x":{"started_at":${utc}}}],"send_at":null}}`,
      `{"status":"success","data":{"results":[{"created_at":${local},"x":{"started_at":${local}}}],"send_at":null}}`,
    ],
    [
      'leaves other fields and other texts',
      `{"x_at":${utc},"created_at":"soon","updated_at":12,"a":[${utc}],"send_at":[${utc}],"started_at":{"x":${utc}}}`,
      `{"status":"success","x_at":${utc},"created_at":"soon","updated_at":12,"a":[${utc}],"send_at":[${utc}],"started_at":{"x":${utc}}}`,
    ],
    [
      'leaves what people put in themselves',
      `{"data":{"attribs":{"created_at":${utc},"x":[{"updated_at":${utc}}]},"created_at":${utc}}}`,
      `{"status":"success","data":{"attribs":{"created_at":${utc},"x":[{"updated_at":${utc}}]},"created_at":${local}}}`,
    ],
  ])('%s', (_name, text, expected) => {
    expect(run(text)).toBe(expected)
    expect(run(text, everyByte(text))).toBe(expected)
  })

  it('is otherwise byte for byte what it was, at any chunk borders', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true }),
        fc.constantFrom(0, 1, 3),
        fc.array(fc.nat(1_000), { maxLength: 8 }),
        (answer, indent, places) => {
          const text = JSON.stringify(answer, undefined, indent)
          const separator = Object.keys(answer).length === 0 ? '' : ','
          expect(run(text, places).replace(`"status":"success"${separator}`, '')).toBe(text)
        },
      ),
    )
  })
})
