/** Rows L: who counts against what. Each has a gateway of its own, with limits of its own. */
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { type Case, custom, row, type Row } from '../case.ts'
import { openWorld, portOf, send, valueOf, withLimits, type World } from '../world.ts'
import { type Overrides, systemClock, type User } from '../../helpers/gateway.ts'

const limited = (
  name: string,
  limit: number,
  failures: number,
  run: (world: World) => Promise<void>,
  more: Overrides = {},
): Case =>
  custom(name, async () => {
    const world = await openWorld({ ...more, policies: (shipped) => withLimits(shipped, limit, failures) })
    try {
      await run(world)
    } finally {
      await world.close()
    }
  })

const ask = (user: Pick<User, 'authorization'> | undefined, target: string, lines: readonly string[] = []): string =>
  [
    `GET ${target} HTTP/1.1`,
    'Host: gateway.test',
    ...(user === undefined ? [] : [`Authorization: ${user.authorization}`]),
    'Connection: close',
    ...lines,
    '',
    '',
  ].join('\r\n')

async function statuses(world: World, requests: readonly string[]): Promise<readonly (number | undefined)[]> {
  const all: (number | undefined)[] = []
  for (const bytes of requests) all.push((await send(portOf(world), bytes)).answers[0]?.status)
  return all
}

const times = (count: number, bytes: string): readonly string[] => Array.from({ length: count }, () => bytes)
const wrong = { authorization: 'token x:y' }

export const limitRows: readonly Row[] = [
  row(
    'L03',
    ...[-3_600_000, 3_600_000].map((shift) => {
      let shiftMs = 0
      const clock = { epochMs: () => Date.now() + shiftMs, monotonicMs: systemClock.monotonicMs }
      return limited(
        `the wall clock moves by ${shift / 3_600_000} h: nobody gets more, nobody is locked out`,
        3,
        100,
        async (world) => {
          const one = ask(world.reader, '/api/lists/3')
          expect(await statuses(world, times(3, one))).toEqual([200, 200, 200])
          shiftMs = shift
          expect(await statuses(world, [one, ask(world.admin, '/api/lists/3')])).toEqual([429, 200])
        },
        { clock },
      )
    }),
  ),
  row(
    'L05',
    limited('200 at once, one unit left', 1, 100, async (world) => {
      const all = await Promise.all(
        times(200, ask(world.reader, '/api/lists/3')).map((bytes) => send(portOf(world), bytes)),
      )
      const counts = [200, 429].map((status) => all.filter(({ answers }) => answers[0]?.status === status).length)
      expect(counts).toEqual([1, 199])
      expect(world.witness.seen().requests).toHaveLength(1)
    }),
  ),
  row(
    'L08',
    limited('what a caller says of its address changes no key', 2, 100, async (world) => {
      const lines = [
        'X-Forwarded-For: 1.2.3.4',
        'X-Real-IP: 5.6.7.8',
        'Forwarded: for=9.9.9.9',
        'True-Client-IP: 8.8.8.8',
      ]
      const asked = lines.map((line) => ask(undefined, '/uploads/x', [line]))
      expect(await statuses(world, asked)).toEqual([200, 200, 429, 429])
    }),
    limited('nor does it hide failed sign-ins', 1_000, 2, async (world) => {
      const asked = ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'].map((from) =>
        ask(wrong, '/api/lists', [`X-Forwarded-For: ${from}`]),
      )
      expect(await statuses(world, asked)).toEqual([403, 403, 429, 429])
    }),
  ),
  row(
    'L11',
    limited('a refused request costs nothing, reaches nobody and keeps its connection', 1, 100, async (world) => {
      const one = ask(world.reader, '/api/lists/3').replace('Connection: close\r\n', '')
      const { answers } = await send(portOf(world), one + one + one + ask(world.admin, '/api/lists/3'))
      expect(answers.map(({ status }) => status)).toEqual([200, 429, 429, 200])
      expect(answers.map(({ headers }) => valueOf(headers, 'retry-after') !== undefined)).toEqual([
        false,
        true,
        true,
        false,
      ])
      expect(world.witness.seen().requests).toHaveLength(2)
    }),
  ),
  row(
    'L12',
    limited(
      'who they are, what they may, then how often: what is refused before uses nothing up',
      1,
      100,
      async (world) => {
        const asked = [
          ask(undefined, '/api/lists/3'),
          ask(world.reader, '/api/none'),
          ask(world.reader, '/api/settings'),
          ask(world.reader, '/api/lists/3'),
          ask(world.reader, '/api/lists/3'),
          ask(world.reader, '/api/none'),
        ]
        expect(await statuses(world, asked)).toEqual([403, 404, 403, 200, 429, 404])
      },
    ),
  ),
  row(
    'R16',
    limited(
      'failed sign-ins are counted by address; a right credential is not refused for them',
      1_000,
      3,
      async (world) => {
        const bad = ask(wrong, '/api/lists/3')
        const asked = [
          ...times(5, bad),
          ask(world.reader, '/api/lists/3'),
          ask({ authorization: 'Basic !!' }, '/api/none'),
          ask(undefined, '/api/lists'),
        ]
        expect(await statuses(world, asked)).toEqual([403, 403, 403, 429, 429, 200, 429, 403])
      },
    ),
  ),
  row(
    'L13',
    limited(
      'every kind of end gives the place back: 640 mixed ones, four at a time, and then there are four places',
      1_000_000,
      1_000_000,
      async (world) => {
        const { running, reader, witness } = world
        const limits = { ...running.policies.limits, inFlight: 4 }
        const [tenant] = running.config.tenants
        // Short, so that some end by them; and the backend is never left alone.
        const breaker = { ...tenant.upstream.breaker, minRequests: 1_000_000 }
        const upstream = { ...tenant.upstream, headersTimeoutMs: 60, bodyTimeoutMs: 60, breaker }
        running.gateway.reload(
          { ...running.config, tenants: [{ ...tenant, upstream }] },
          { ...running.policies, limits },
        )
        let at = 0
        witness.say((socket) => {
          const ends = [
            () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
            () => void socket.destroy(),
            () => void socket.write('nonsense\r\n\r\n'),
            () =>
              void socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"da'),
            () => {},
            () => void socket.write('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'),
          ]
          ends[at++ % ends.length]?.()
        })
        const one = ask(reader, '/api/lists/3')
        const leave = (ms: number): Promise<void> =>
          new Promise((resolve) => {
            const socket = connect(portOf(world), '127.0.0.1', () => socket.write(one))
            socket.on('error', () => {}).on('close', () => resolve())
            setTimeout(() => socket.resetAndDestroy(), ms)
          })
        const callers = Array.from({ length: 4 }, async (_, caller) => {
          for (let turn = 0; turn < 160; turn++) {
            if ((turn + caller) % 3 === 0) await leave(turn % 8)
            else await send(portOf(world), one)
          }
        })
        await Promise.all(callers)

        // Nothing of it is left: four of the caller's are under way, the fifth is refused, and that of another is not.
        const held: Socket[] = []
        witness.say((socket) => void held.push(socket))
        const fresh = running.policies
        running.gateway.reload(running.config, { ...fresh, limits })
        const four = Array.from({ length: 4 }, () => send(portOf(world), one))
        await expect.poll(() => held.length).toBe(4)
        const [fifth, other] = [await send(portOf(world), one), send(portOf(world), ask(world.admin, '/api/lists/3'))]
        expect([fifth.answers[0]?.status, valueOf(fifth.answers[0]?.headers ?? [], 'retry-after')]).toEqual([429, '1'])
        expect(fifth.answers[0]?.body).toContain('rate-limited')
        await expect.poll(() => held.length).toBe(5)
        for (const socket of held) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        const answers = (await Promise.all([...four, other])).map((sent) => sent.answers[0]?.status)
        expect(answers).toEqual([200, 200, 200, 200, 200])
        witness.say(undefined)
        expect((await send(portOf(world), one)).answers[0]?.status).toBe(200)
      },
    ),
  ),
  row(
    'L15',
    limited('a reload changes the limit at once, and what was counted stays', 3, 100, async (world) => {
      const one = ask(world.reader, '/api/lists/3')
      expect(await statuses(world, times(3, one))).toEqual([200, 200, 200])
      const { running } = world
      running.gateway.reload(running.config, withLimits(running.policies, 5, 100))
      expect(await statuses(world, times(3, one))).toEqual([200, 200, 429])
      running.gateway.reload(running.config, withLimits(running.policies, 2, 100))
      expect(await statuses(world, [one])).toEqual([429])
    }),
  ),
  row(
    'L16',
    limited('the flood of one caller leaves the quota of another whole', 3, 100, async (world) => {
      const flood = times(20, ask(world.reader, '/api/lists/3'))
      expect((await statuses(world, flood)).filter((status) => status === 429)).toHaveLength(17)
      const { answers } = await send(portOf(world), ask(world.admin, '/api/lists/3'))
      expect([answers[0]?.status, valueOf(answers[0]?.headers ?? [], 'x-ratelimit-remaining')]).toEqual([200, '2'])
    }),
  ),
]
