/** Every row of rows.yaml over real sockets: a whole gateway, and behind it a witness of all that it sent. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Row } from './case.ts'
import { contentRows } from './rows/content.ts'
import { framingRows } from './rows/framing.ts'
import { headerRows } from './rows/headers.ts'
import { jsonRows } from './rows/json.ts'
import { queryRows } from './rows/query.ts'
import { targetRows } from './rows/target.ts'
import { openWorld, type World } from './world.ts'

const rows: readonly Row[] = [...targetRows, ...queryRows, ...jsonRows, ...contentRows, ...framingRows, ...headerRows]

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const held = new Map<string, number>()

describe.each(rows.map((each) => [each.id, each] as const))('%s', (id, { cases }) => {
  it.each(cases.map((each) => [each.name, each] as const))(`${id} %s`, async (_name, each) => {
    await each.run(world)
    held.set(id, (held.get(id) ?? 0) + 1)
  })
})

it('x', () => expect(held.size).toBeGreaterThan(0))
