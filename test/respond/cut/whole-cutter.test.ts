import { describe, expect, it } from 'vitest'
import type { Cut } from '../../../src/model/decision.ts'
import { Failure, refused } from '../../../src/model/failure.ts'
import { type ListId, listIdFrom } from '../../../src/model/ids.ts'
import { createWholeCutter, type LookUp } from '../../../src/respond/cut/whole-cutter.ts'

const lists = (...ids: number[]): ListId[] => ids.flatMap((id) => listIdFrom(id) ?? [])

const cut = (path: string, by: string, resource: string | undefined, act: Cut['act'] = 'keep'): Cut => ({
  act,
  path,
  by,
  pages: false,
  visible: new Set(lists(3)),
  resource,
})

async function run(text: string, cuts: readonly Cut[], lookUp: LookUp, maxHeldBytes = 1_000_000): Promise<string> {
  const cutter = createWholeCutter({ cuts, lookUp, window: undefined, maxHeldBytes })
  for (const byte of Buffer.from(text)) expect(cutter.write(Buffer.of(byte)).length).toBe(0)
  return (await cutter.end()).toString()
}

const codeOf = (error: unknown): unknown => (error instanceof Failure ? error.code : error)

describe('a cut by stored things', () => {
  it('asks once for each thing, and keeps those of which one list may show', async () => {
    const asked: unknown[] = []
    const lookUp: LookUp = async (resource, ids) => {
      asked.push([resource, ids])
      return new Map([
        ['1', lists(4, 3)],
        ['2', lists(4)],
        ['5', undefined],
      ])
    }
    const cuts = [
      cut('data.views[]', 'id', 'campaign'),
      cut('data.clicks[]', 'campaign', 'campaign'),
      cut('lists[]', 'id', undefined),
    ]
    const text =
      '{"data":{"views":[{"id":1},{"id":2},{"id":5}],"clicks":[{"campaign":2},{"campaign":1},{}]},"lists":[{"id":3},{"id":1}]}'

    expect(await run(text, cuts, lookUp)).toBe(
      '{"data":{"views":[{"id":1}],"clicks":[{"campaign":1}]},"lists":[{"id":3}]}',
    )
    expect(asked).toEqual([['campaign', ['1', '2', '5']]])
  })

  it('asks for nothing where nothing is named', async () => {
    const lookUp: LookUp = () => Promise.reject(new Error('asked'))
    expect(await run('{"data":[]}', [cut('data[]', 'id', 'campaign')], lookUp)).toBe('{"data":[]}')
    expect(await run('{"message":"no"}', [cut('data[]', 'id', 'campaign')], lookUp)).toBe('{"message":"no"}')
  })

  it.each<[string, string, Partial<{ cuts: Cut[]; lookUp: LookUp; max: number }>, string]>([
    [
      'names too many things',
      `{"data":[${Array.from({ length: 501 }, (_, at) => `{"id":${at + 1}}`).join(',')}]}`,
      {},
      'scope-unreadable',
    ],
    ['is too long', `{"data":[{"id":1,"x":"${'x'.repeat(200)}"}]}`, { max: 100 }, 'scope-unreadable'],
    [
      'names what cannot be looked up',
      '{"data":[{"id":1}]}',
      { lookUp: () => Promise.reject(refused('upstream-timeout')) },
      'upstream-timeout',
    ],
    [
      'is refused whole for one thing',
      '{"data":[{"id":1}]}',
      { cuts: [cut('data[]', 'id', 'campaign', 'refuse')] },
      'list-denied',
    ],
    ['is not built as it must be', '{"data":{"id":1}}', {}, 'scope-unreadable'],
  ])('fails where the answer %s', async (_name, text, { cuts, lookUp, max }, code) => {
    const none: LookUp = async () => new Map()
    const running = run(text, cuts ?? [cut('data[]', 'id', 'campaign')], lookUp ?? none, max)
    expect(await running.catch(codeOf)).toBe(code)
  })
})
