/** The process is at its end: new requests are refused before anything is done for them, and only they. */
import { expect, it } from 'vitest'
import type { Reading } from '../../src/shed/shedding.ts'
import { startGateway, type Answer } from '../helpers/gateway.ts'

const well: Reading = { lagMs: 0, utilization: 0.1, heapShare: 0.1 }

it('refuses most of what comes while the loop is late, and lets all in when it is not: nothing is done for what is refused', async () => {
  let reading = well
  const running = await startGateway({ meter: { read: () => reading, close: () => {} } })
  const user = await running.user('root', ['administrator'])
  const many = (): Promise<readonly Answer[]> =>
    Promise.all(Array.from({ length: 40 }, () => running.ask(user, 'GET', '/api/lists/3')))
  const refusedOf = (answers: readonly Answer[]): readonly Answer[] => answers.filter(({ status }) => status === 503)
  expect(refusedOf(await many())).toEqual([])

  reading = { lagMs: 5_000, utilization: 1, heapShare: 0.1 }
  // The least share, one of twenty, is let in after some readings.
  await expect.poll(async () => refusedOf(await many()).length, { timeout: 15_000 }).toBeGreaterThanOrEqual(36)
  const [refused] = refusedOf(await many())
  expect(refused?.json).toMatchObject({ message: 'the gateway is overloaded', data: { code: 'overloaded' } })
  expect(refused?.headers.get('retry-after')).toBe('1')
  // A wrong credential is not looked at, and a body is not read.
  const wrong = await Promise.all(
    Array.from({ length: 20 }, () =>
      running.ask(undefined, 'POST', '/api/lists', { name: 'x'.repeat(100_000) }, { authorization: 'token x:y' }),
    ),
  )
  expect(wrong.filter(({ status }) => status === 503).length).toBeGreaterThanOrEqual(18)
  // Whoever watches is answered.
  for (const path of ['/healthz', '/readyz']) expect((await fetch(`${running.admin}${path}`)).status).toBe(200)

  reading = well
  await expect.poll(async () => refusedOf(await many()).length, { timeout: 15_000 }).toBe(0)
  const told = (): ReturnType<typeof running.log> => running.log().filter(({ msg }) => /overloaded/.test(String(msg)))
  await expect.poll(() => told().length).toBe(2)
  expect(told().map(({ level, msg, lag_ms: lagMs }) => [level, msg, lagMs])).toEqual([
    ['warn', 'overloaded: new requests are refused', 5_000],
    ['info', 'no more overloaded', 0],
  ])
  const shed = running.log().filter((line) => (line['error'] as { code?: string } | undefined)?.code === 'overloaded')
  expect(shed.length).toBeGreaterThan(18)
  // No tenant, no user, no decision: they were turned away at the door.
  for (const line of shed)
    expect([line['tenant'], line['user'], line['decision']]).toEqual([undefined, undefined, undefined])
})
