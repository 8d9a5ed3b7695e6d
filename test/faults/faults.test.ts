/** Every row of rows.yaml over real sockets: a whole gateway before backends that fail. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectHealthy, listed, type Listed, type Row } from './case.ts'
import { tally } from '../helpers/tally.ts'
import { answerRows } from './rows/answers.ts'
import { bodyRows } from './rows/bodies.ts'
import { callerRows } from './rows/callers.ts'
import { connectionRows } from './rows/connections.ts'
import { lifeRows } from './rows/life.ts'
import { nameRows } from './rows/names.ts'
import { timeRows } from './rows/time.ts'
import { tlsRows } from './rows/tls.ts'
import { uploadRows } from './rows/uploads.ts'
import { settledResources, type Resources } from './resources.ts'
import { openWorld, startFaulty, type World } from './world.ts'

const rows: readonly Row[] = [
  ...[...connectionRows, ...uploadRows, ...bodyRows, ...answerRows],
  ...[...timeRows, ...tlsRows, ...callerRows, ...nameRows, ...lifeRows],
]

let world: World
let before: Resources
const stray: unknown[] = []
const note = (reason: unknown): void => void stray.push(reason)

/** The gateway at rest: behind it a backend that is gone, so that nothing is kept open to it. */
async function atRest(): Promise<void> {
  const faulty = await startFaulty({})
  faulty.heal()
  world.use(faulty.url)
  await expectHealthy(world)
  await faulty.close()
}

beforeAll(async () => {
  process.on('unhandledRejection', note)
  world = await openWorld()
  await atRest()
  before = await settledResources()
})
afterAll(async () => {
  process.off('unhandledRejection', note)
  await world.close()
})

/** `id outcome` → cases that passed. */
const passed = new Map<string, number>()
const here = new Map<string, number>()
const keyOf = (id: string, outcome: string): string => `${id} ${outcome}`
for (const { id, cases } of rows) {
  for (const { outcome } of cases) here.set(keyOf(id, outcome), (here.get(keyOf(id, outcome)) ?? 0) + 1)
}

describe.each(rows.map((each) => [each.id, each] as const))('%s', (id, { cases }) => {
  it.each(cases.map((each) => [each.name, each] as const))(
    `${id} %s`,
    async (_name, each) => {
      await each.run(world, id)
      const key = keyOf(id, each.outcome)
      passed.set(key, (passed.get(key) ?? 0) + 1)
    },
    60_000,
  )
})

describe('after all of it', () => {
  it('nothing is left: no socket, no timer, no buffer, no rejection that nobody took', async () => {
    await atRest()
    const after = await settledResources(before)
    expect(after.active).toEqual(before.active)
    expect(after.listeners).toEqual(before.listeners)
    expect(after.bufferMiB - before.bufferMiB).toBeLessThan(16)
    expect(stray).toEqual([])
  }, 60_000)
})

describe('rows.yaml', () => {
  it('lists F01 to F40, each once and in words', () => {
    const ids = Array.from({ length: 40 }, (_, at) => `F${String(at + 1).padStart(2, '0')}`)
    expect(listed.map(({ id }) => id)).toEqual(ids)
    expect(listed.filter(({ fault, within }) => !(fault.length > 3) || !(within > 0)).map(({ id }) => id)).toEqual([])
  })

  it('knows each outcome that is tested, and each of its outcomes is tested', () => {
    const told = listed.flatMap(({ id, outcomes = {} }) => Object.keys(outcomes).map((outcome) => keyOf(id, outcome)))
    expect([...here.keys()].toSorted()).toEqual(told.toSorted())
  })

  it('says of each row without a test why not', () => {
    const mute = listed.filter(
      (each) => Object.keys(each.outcomes ?? {}).length === 0 && each.not_applicable === undefined,
    )
    expect(mute.map(({ id }) => id)).toEqual([])
    expect(listed.filter((each) => each.not_applicable !== undefined && each.outcomes !== undefined)).toEqual([])
  })

  it('names tests elsewhere that are there', () => {
    const named = listed.flatMap(({ also = [] }) => also)
    const missing = named.filter((test) => {
      const [file = '', name = ''] = test.split(' › ')
      return name === '' || !readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').includes(name)
    })
    expect(missing).toEqual([])
  })

  // Last: the others have run by now. Skipped where only some of them were asked for.
  it('is held', ({ skip }) => {
    if (passed.size === 0) skip()
    const apply = listed.filter((each) => each.not_applicable === undefined)
    const ran = ({ id, outcomes = {} }: Listed): boolean =>
      Object.keys(outcomes).every((outcome) => passed.get(keyOf(id, outcome)) === here.get(keyOf(id, outcome)))
    const held = apply.filter((each) => ran(each) && each.not_held === undefined)
    const cases = [...passed.values()].reduce((sum, count) => sum + count, 0)
    tally({
      what: 'fault rows',
      held: held.length,
      total: listed.length,
      notApplicable: listed.flatMap(({ id, not_applicable: why }) => (why === undefined ? [] : [{ id, why }])),
      open: apply.flatMap((each) =>
        held.includes(each) ? [] : [{ id: each.id, why: each.not_held ?? 'its cases failed' }],
      ),
      cases,
    })
    expect(apply.filter((each) => !ran(each)).map(({ id }) => id)).toEqual([])
  })
})
