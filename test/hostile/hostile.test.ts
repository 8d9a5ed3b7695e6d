/** Every row of rows.yaml over real sockets: a whole gateway, and behind it a witness of all that it sent. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { tally } from '../helpers/tally.ts'
import type { Row } from './case.ts'
import { answerRows } from './rows/answers.ts'
import { contentRows } from './rows/content.ts'
import { credentialRows } from './rows/credentials.ts'
import { framingRows } from './rows/framing.ts'
import { headerRows } from './rows/headers.ts'
import { jsonRows } from './rows/json.ts'
import { limitRows } from './rows/limits.ts'
import { methodRows } from './rows/methods.ts'
import { queryRows } from './rows/query.ts'
import { stackRows } from './rows/stack.ts'
import { targetRows } from './rows/target.ts'
import { webSocketRows } from './rows/web-sockets.ts'
import { openWorld, type World } from './world.ts'

const rows: readonly Row[] = [
  ...[...stackRows, ...targetRows, ...queryRows, ...jsonRows, ...contentRows, ...framingRows],
  ...[...headerRows, ...methodRows, ...answerRows, ...credentialRows, ...limitRows, ...webSocketRows],
]

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

/** How many cases of each row have passed. */
const passed = new Map<string, number>()

describe.each(rows.map((each) => [each.id, each] as const))('%s', (id, { cases }) => {
  it.each(cases.map((each) => [each.name, each] as const))(`${id} %s`, async (_name, each) => {
    await each.run(world)
    passed.set(id, (passed.get(id) ?? 0) + 1)
  })
})

interface Listed {
  readonly id: string
  readonly sends: string
  readonly why: string
  readonly answer: string
  /** Tests of other files: `file › name`. */
  readonly also?: readonly string[]
  readonly not_applicable?: string
  readonly open?: string
}

const listed = parse(readFileSync(new URL('rows.yaml', import.meta.url), 'utf8')) as readonly Listed[]
const here = new Map<string, number>()
for (const { id, cases } of rows) here.set(id, (here.get(id) ?? 0) + cases.length)

describe('rows.yaml', () => {
  it('lists each row once, in words', () => {
    const ids = listed.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)])
    const wordless = listed.filter((each) => [each.sends, each.why, each.answer].some((text) => !(text?.length > 3)))
    expect(wordless.map(({ id }) => id)).toEqual([])
  })

  it('knows every row that is tested, and says of every other one where it is, or why not', () => {
    const ids = new Set(listed.map(({ id }) => id))
    expect([...here.keys()].filter((id) => !ids.has(id))).toEqual([])
    const nowhere = listed.filter(
      ({ id, also = [], not_applicable: not, open }) =>
        !here.has(id) && also.length === 0 && not === undefined && open === undefined,
    )
    expect(nowhere.map(({ id }) => id)).toEqual([])
    // Whatever has cases applies.
    expect(
      listed.filter(({ id, not_applicable: not }) => not !== undefined && here.has(id)).map(({ id }) => id),
    ).toEqual([])
  })

  it('names tests elsewhere that are there', () => {
    const named = listed.flatMap(({ id, also = [] }) => also.map((test) => ({ id, test })))
    const missing = named.filter(({ test }) => {
      const [file = '', name = ''] = test.split(' › ')
      return name === '' || !readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').includes(name)
    })
    expect(missing).toEqual([])
  })

  // Last: the others have run by now. Skipped where only some of them were asked for.
  it('is held', ({ skip }) => {
    if (passed.size === 0) skip()
    const apply = listed.filter((each) => each.not_applicable === undefined)
    const holds = ({ id, open }: Listed): boolean => open === undefined && (passed.get(id) ?? 0) === (here.get(id) ?? 0)
    const held = apply.filter(holds)
    const cases = [...passed.values()].reduce((sum, count) => sum + count, 0)
    tally({
      what: 'hostile rows',
      held: held.length,
      total: listed.length,
      notApplicable: listed.flatMap(({ id, not_applicable: why }) => (why === undefined ? [] : [{ id, why }])),
      open: apply.flatMap((each) => (holds(each) ? [] : [{ id: each.id, why: each.open ?? 'its cases failed' }])),
      cases,
    })
    expect(apply.filter((each) => !holds(each) && each.open === undefined).map(({ id }) => id)).toEqual([])
  })
})
