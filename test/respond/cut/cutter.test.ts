import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cut } from '../../../src/model/decision.ts'
import { Failure } from '../../../src/model/failure.ts'
import { JsonStreamError } from '../../../src/model/json-tokens.ts'
import { createCutter, type CutterOptions } from '../../../src/respond/cut/cutter.ts'

type Options = Partial<CutterOptions> & { readonly visible?: readonly number[] }

const cut = (act: Cut['act'], path: string, by: string, pages: Cut['pages'] = false): Cut => ({
  act,
  path,
  by,
  pages,
  visible: new Set(),
  resource: undefined,
})

const cutterFor = (cuts: readonly Cut[], { visible = [], ...options }: Options) =>
  createCutter({
    cuts,
    reaches: (_cut, ids) => ids.some((id) => visible.includes(id)),
    window: undefined,
    maxHeldBytes: 1_000_000,
    ...options,
  })

/** What comes out of an answer that comes in pieces, cut at these places. */
function run(text: string, cuts: readonly Cut[], options: Options, places: readonly number[] = []): string {
  const bytes = Buffer.from(text)
  const cutter = cutterFor(cuts, options)
  const out: Buffer[] = []
  let from = 0
  for (const place of [...places.map((each) => each % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    // A copy each: what the cutter keeps of a chunk must be its own.
    const chunk = Buffer.from(bytes.subarray(from, place))
    out.push(Buffer.from(cutter.write(chunk)))
    chunk.fill(0x2a)
    from = place
  }
  out.push(cutter.end())
  return Buffer.concat(out).toString()
}

const everyByte = (text: string): number[] => Array.from({ length: Buffer.byteLength(text) }, (_, index) => index)

const thrown = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    if (error instanceof Failure) return error.code
    return error instanceof JsonStreamError ? 'no JSON' : error
  }
}

const masked = '{"id":null,"name":"*Unknown","restricted":true}'
const keep = [cut('keep', 'data.results[]', 'id')]
const mask = [cut('mask', 'data.lists[]', 'id')]
const both = [cut('keep', 'data.results[]', 'lists[].id'), cut('mask', 'data.results[].lists[]', 'id')]
const results = (items: string, rest = ''): string => `{"data":{"results":[${items}]${rest}}}`

describe('a cut', () => {
  it.each<[string, readonly Cut[], readonly number[], string, string]>([
    ['drops the first', keep, [2], results('{"id":1},{"id":2}'), results('{"id":2}')],
    ['drops the last', keep, [1], results('{"id":1},{"id":2}'), results('{"id":1}')],
    ['drops the middle', keep, [1, 3], results('{"id":1}, {"id":2} ,{"id":3}'), results('{"id":1} ,{"id":3}')],
    ['drops all', keep, [], results(' {"id":1},{"id":2} ', ',"x":2'), results(' ', ',"x":2')],
    ['drops the first two', keep, [3], results('{"id":1},{"id":2}, {"id":3}'), results(' {"id":3}')],
    ['keeps all', keep, [1, 2], ' { "data" : {"results":\n[ {"id":1} ,\t{"id":2}\n] , "x":1.0 } } ', '='],
    [
      'keeps what stands around it',
      keep,
      [],
      '{"results":[{"id":9}],"data":{"a":[1,[2]],"results":[{"id":9}],"z":{"results":[{"id":9}]}},"q":null}',
      '{"results":[{"id":9}],"data":{"a":[1,[2]],"results":[],"z":{"results":[{"id":9}]}},"q":null}',
    ],
    [
      'takes only the id of the item itself',
      keep,
      [1],
      results('{"lists":[{"id":1}],"id":2,"x":{"id":1}},{"x":{"id":2},"id":1}'),
      results('{"x":{"id":2},"id":1}'),
    ],
    [
      'reads escaped keys',
      keep,
      [2],
      '{"d\\u0061ta":{"results":[{"\\u0069d":1},{"id":2}]}}',
      '{"d\\u0061ta":{"results":[{"id":2}]}}',
    ],
    ['lets null pass', keep, [], '{"data":{"results":null}}', '='],
    ['lets null on the way pass', keep, [], '{"data":null}', '='],
    ['lets an answer without the place pass', keep, [], '{"message":"[1,2","code":true}', '='],
    ['lets an empty array pass', keep, [], results(' '), '='],
    ['lets an empty array in place of the envelope pass', keep, [], '{"data":[ ]}', '='],
    [
      'leaves numbers as they are written',
      keep,
      [1],
      results('{"id":1,"n":1.10,"m":-0,"k":12345678901234567890e-2}'),
      '=',
    ],
    ['leaves bytes that are no ASCII', keep, [1], results('{"id":1,"n":"é😀\\ud83d"}'), '='],
    ['drops scalars and arrays', keep, [1], results('1,[{"id":1}],null,"1",true,{"id":1}'), results('{"id":1}')],
    [
      'masks, and shows nothing of it',
      mask,
      [7],
      '{"data":{"lists":[{"id":7},{"id":8,"name":"x"}]}}',
      `{"data":{"lists":[{"id":7},${masked}]}}`,
    ],
    [
      'masks the first and keeps the space',
      mask,
      [8],
      '{"data":{"lists":[ {"id":7} , {"id":8} ]}}',
      `{"data":{"lists":[ ${masked} , {"id":8} ]}}`,
    ],
    [
      'masks what is no object',
      mask,
      [8],
      '{"data":{"lists":[8,[8],null]}}',
      `{"data":{"lists":[${masked},${masked},${masked}]}}`,
    ],
    [
      'keeps an item by any of its ids, and masks inside it',
      both,
      [3],
      results(
        '{"a":1,"lists":[{"id":3},{"id":4}]},{"lists":[{"id":4}]},{"lists":[]},{"lists":null},{"a":1},{"lists":[{"id":null},{"id":3}]}',
      ),
      results(`{"a":1,"lists":[{"id":3},${masked}]},{"lists":[${masked},{"id":3}]}`),
    ],
    [
      'cuts two places of one answer',
      [cut('keep', 'data.views[]', 'id'), cut('keep', 'data.clicks[]', 'campaign.id')],
      [1],
      '{"data":{"views":[{"id":1},{"id":2}],"clicks":[{"campaign":{"id":2}},{"campaign":{"id":1}},{"campaign":[{"id":1}]},{"campaign":1}]}}',
      '{"data":{"views":[{"id":1}],"clicks":[{"campaign":{"id":1}}]}}',
    ],
    ['takes the root for the array', [cut('keep', '[]', 'id')], [1], '[{"id":1},{"id":2}]', '[{"id":1}]'],
    ['passes where nothing is refused', [cut('refuse', 'data[]', 'id')], [1], '{"data":[{"id":1}]}', '='],
  ])('%s', (_name, cuts, visible, text, expected) => {
    const wanted = expected === '=' ? text : expected
    expect(run(text, cuts, { visible })).toBe(wanted)
    expect(run(text, cuts, { visible }, everyByte(text))).toBe(wanted)
  })

  it.each(['"1"', '1.0', '1e0', '01e0', '-1', '0', '2147483648', 'null', 'true', '[1]', '{"id":1}', '"\\u0031"'])(
    'takes %s for no id',
    (id) => {
      const asked: unknown[] = []
      const reaches = (_cut: number, ids: readonly number[]): boolean => asked.push(ids) < 0
      const text = results(`{"id":${id}}`)
      const out = thrown(() => run(text, keep, { reaches }))
      expect(out).toBe(id === '01e0' ? 'no JSON' : results(''))
      expect(asked).toEqual(id === '01e0' ? [] : [[]])
    },
  )

  it('reads no id from a text that is too long for one', () => {
    const text = results(`{"id":1${' '.repeat(2_000)}},{"id":"${'1'.repeat(2_000)}"},{"${'i'.repeat(2_000)}":1}`)
    expect(run(text, keep, { visible: [1] }, everyByte(text))).toBe(results(`{"id":1${' '.repeat(2_000)}}`))
  })

  it.each([
    ['an object', '{"data":{"results":{"id":1}}}'],
    ['a text', '{"data":{"results":"x"}}'],
    ['a number', '{"data":{"results":1}}'],
    ['a word', '{"data":{"results":true}}'],
    ['a scalar on the way', '{"data":true}'],
    ['an array that holds something on the way', '{"data":[{"results":[{"id":1}]}]}'],
    ['a scalar in an array on the way', '{"data":[1]}'],
    ['an array at the root', '[{"data":{"results":[{"id":1}]}}]'],
    ['a scalar at the root', '"x"'],
    ['the same key twice', '{"data":{"results":[]},"data":{"results":[{"id":2}]}}'],
    ['the same key twice, one escaped', '{"data":{"results":[]},"d\\u0061ta":{"results":[{"id":2}]}}'],
    ['two ids', results('{"id":1,"id":2}')],
  ])('cannot judge %s', (_name, text) => {
    expect(thrown(() => run(text, keep, { visible: [1] }))).toBe('scope-unreadable')
  })

  it('refuses the whole for one item out of reach, and lets nothing out before', () => {
    const cutter = cutterFor([cut('refuse', 'data[]', 'id')], { visible: [1] })
    expect(cutter.write(Buffer.from('{"a":1,"data":[{"id":1},')).length).toBe(0)
    expect(thrown(() => cutter.write(Buffer.from('{"id":2}]}')))).toBe('list-denied')
  })

  it('lets out what is certain, and holds no more than its bound', () => {
    const cutter = cutterFor(keep, { visible: [1], maxHeldBytes: 1_000 })
    const write = (text: string): string => cutter.write(Buffer.from(text)).toString()
    expect(write('{"x":1,"data":{"results":[{"id":1,')).toBe('{"x":1,"data":{"results":[')
    expect(write('"a":1},{"id":')).toBe('{"id":1,"a":1}')
    expect(write('1}')).toBe(',{"id":1}')
    expect(write(`,{"id":1},{"id":1,"name":"`)).toBe(',{"id":1}')
    expect(thrown(() => write('x'.repeat(1_000)))).toBe('scope-unreadable')
  })

  // One tenant stores a campaign of 3 MB of `<`, which the backend writes as 18 MB: nobody else got a list of campaigns any more.
  it.each([[[]], [everyByte]])('does not hold what is out of reach, however large it is', (places) => {
    const large = `{"id":9,"lists":[{"id":2}],"body":"${'<'.repeat(5_000)}","more":[{"lists":[{"id":1}]}]}`
    const items = [`{"lists":[{"id":1}]}`, large, `{"lists":[{"id":2},{"id":1}]}`, large]
    const cuts = [cut('keep', 'data.results[]', 'lists[].id'), cut('keep', 'data.results[].lists[]', 'id')]
    for (const order of [items, items.toReversed()]) {
      const text = results(order.join(' , '), ',"total":4')
      const at = typeof places === 'function' ? places(text) : [200, 2_000, 3_000, 4_000, 9_000]
      expect(JSON.parse(run(text, cuts, { visible: [1], maxHeldBytes: 1_000 }, at))).toEqual({
        data: { results: [{ lists: [{ id: 1 }] }, { lists: [{ id: 1 }] }], total: 4 },
      })
    }
  })

  it('refuses a large item which says behind its bulk that it is in reach', () => {
    const text = results(`{"body":"${'x'.repeat(5_000)}","id":1}`)
    expect(thrown(() => run(text, keep, { visible: [1], maxHeldBytes: 1_000 }, everyByte(text)))).toBe(
      'scope-unreadable',
    )
  })

  it.each(['', '{', '{"data":{"results":[{"id":1}', '{"data":{"results":[{"id":1},]}}', '{}x', '<html>', '\ufeff{}'])(
    'fails on %j, which is no JSON',
    (text) => {
      expect(thrown(() => run(text, keep, { visible: [1] }))).toBe('no JSON')
      expect(thrown(() => run(text, keep, { visible: [1] }, everyByte(text)))).toBe('no JSON')
    },
  )
})

describe('cuts at any chunk borders', () => {
  const id = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.constantFrom(null, '1', 2.5))
  const list = fc.record(
    { id, name: fc.string({ unit: 'grapheme' }), x: fc.jsonValue({ maxDepth: 1 }) },
    { requiredKeys: [] },
  )
  const item = fc.record(
    {
      a: fc.jsonValue({ maxDepth: 2 }),
      lists: fc.oneof(fc.array(list, { maxLength: 4 }), fc.constant(null)),
      z: fc.double(),
    },
    { requiredKeys: [] },
  )
  const answers = fc.record({
    before: fc.jsonValue({ maxDepth: 3 }),
    data: fc.record({ query: fc.string(), results: fc.array(item), total: fc.nat() }),
    after: fc.jsonValue({ maxDepth: 3 }),
  })
  type Item = { lists?: { id?: unknown }[] | null }

  it('leave exactly what is in reach, each byte of it as it was', () => {
    fc.assert(
      fc.property(
        answers,
        fc.subarray([1, 2, 3, 4, 5]),
        fc.constantFrom(0, 1, 3),
        fc.array(fc.nat(10_000), { maxLength: 12 }),
        (answer, visible, indent, places) => {
          const text = JSON.stringify(answer, undefined, indent)
          const parsed = JSON.parse(text) as { data: { results: Item[] } }
          const isVisible = (one: { id?: unknown }): boolean => visible.includes(one.id as number)
          const out = run(text, both, { visible }, places)

          expect(JSON.parse(out)).toEqual({
            ...parsed,
            data: {
              ...parsed.data,
              results: parsed.data.results
                .filter(({ lists }) => lists?.some(isVisible))
                .map((one) => ({
                  ...one,
                  lists: one.lists?.map((each) => (isVisible(each) ? each : (JSON.parse(masked) as object))),
                })),
            },
          })
          expect(run(text, both, { reaches: () => true }, places)).toBe(text)
          // Nothing more is in the way the second time, so every byte of the first stays.
          expect(run(out, both, { visible })).toBe(out)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('a cut that pages', () => {
  const zeros: Cut['pages'] = { empty: 'zeros', unpaged: undefined }
  const page = (items: string, total: number, perPage: number, number: number, query = 'q'): string =>
    `{"data":{"results":[${items}],"search":"","query":"${query}","total":${total},"per_page":${perPage},"page":${number}}}`
  const five = page('{"id":1},{"id":2},{"id":3},{"id":4},{"id":5}', 5, 0, 1)

  it.each<[string, Cut['pages'], readonly number[], [number, number, boolean], string]>([
    ['the first page', true, [1, 3, 4, 5], [1, 2, false], page('{"id":1},{"id":3}', 4, 2, 1)],
    ['the second page', true, [1, 3, 4, 5], [2, 2, false], page('{"id":4},{"id":5}', 4, 2, 2)],
    ['the last page', true, [1, 3, 4], [2, 2, false], page('{"id":4}', 3, 2, 2)],
    ['a page beyond', true, [1, 3, 4], [9, 2, false], page('', 0, 2, 9)],
    ['a page beyond, in zeros', zeros, [1, 3, 4], [9, 2, false], page('', 0, 0, 0, '')],
    ['everything', true, [2, 4], [1, 0, false], page('{"id":2},{"id":4}', 2, 0, 1)],
    ['everything as page 3', true, [2, 4], [3, 0, false], page('{"id":2},{"id":4}', 2, 0, 3)],
    ['nothing', true, [], [1, 20, false], page('', 0, 20, 1)],
    ['nothing, in zeros', zeros, [], [1, 20, false], page('', 0, 0, 0, '')],
    ['what the backend does not page', true, [2, 4], [7, 1, true], page('{"id":2},{"id":4}', 2, 2, 1)],
    ['nothing of what the backend does not page', true, [], [7, 1, true], '{"data":[]}'],
  ])('shows %s', (_name, pages, visible, [number, perPage, isWhole], expected) => {
    const options = { visible, window: { page: number, perPage, isWhole } }
    const cuts = [cut('keep', 'data.results[]', 'id', pages)]
    expect(run(five, cuts, options)).toBe(expected)
    expect(run(five, cuts, options, everyByte(five))).toBe(expected)
  })

  it('skips no item and repeats none, whatever the size of a page', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 })), fc.integer({ min: 1, max: 5 }), (ids, perPage) => {
        const text = page(ids.map((id, at) => `{"id":${id},"at":${at}}`).join(','), ids.length, 0, 1)
        const wanted = ids.flatMap((id, at) => (id % 2 === 0 ? [{ id, at }] : []))
        const seen: unknown[] = []
        for (let number = 1; number <= wanted.length / perPage + 1; number++) {
          const cuts = [cut('keep', 'data.results[]', 'id', true)]
          const out = run(text, cuts, { visible: [2, 4, 6, 8], window: { page: number, perPage, isWhole: false } })
          const { data } = JSON.parse(out) as { data: { results: unknown[]; total: number } }
          expect(data.total).toBe(data.results.length === 0 ? 0 : wanted.length)
          seen.push(...data.results)
        }
        expect(seen).toEqual(wanted)
      }),
    )
  })

  it.each([
    ['stands before the items', '{"data":{"total":5,"results":[]}}', 'scope-unreadable'],
    ['stands without items', '{"data":{"total":5}}', 'scope-unreadable'],
    ['is no number', '{"data":{"results":[],"total":{"n":5}}}', 'scope-unreadable'],
    ['follows null', '{"data":{"results":null,"total":5}}', '{"data":{"results":null,"total":0}}'],
    ['is not there', '{"data":{"results":[{"id":2}]}}', '{"data":{"results":[]}}'],
    ['is not asked of a message', '{"message":"no","total":5}', '{"message":"no","total":5}'],
  ])('when the total %s', (_name, text, expected) => {
    const window = { page: 1, perPage: 20, isWhole: false }
    expect(thrown(() => run(text, [cut('keep', 'data.results[]', 'id', true)], { window }))).toBe(expected)
  })

  it('is no cut without the page that was asked for', () => {
    expect(() => cutterFor([cut('keep', 'data.results[]', 'id', true)], {})).toThrow('nobody read which page')
  })
})
