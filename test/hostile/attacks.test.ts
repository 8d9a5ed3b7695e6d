/** Every request of attacks.yaml over a real socket: refused with all that stands behind it, or forwarded with one meaning. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { expectNothingForwarded, short } from './case.ts'
import { openWorld, portOf, send, type World } from './world.ts'

interface Group {
  readonly group: string
  readonly why: string
  readonly around: string
  readonly sees?: readonly string[]
  readonly refused?: readonly string[]
  readonly cut?: readonly string[]
  readonly taken?: readonly string[]
  readonly waits?: readonly string[]
}

const groups = parse(readFileSync(new URL('attacks.yaml', import.meta.url), 'utf8')) as readonly Group[]
const probe = 'GET /uploads/probe HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n'
const withProbe = ({ around }: Group, text: string): string => around.replace('{}', () => text) + probe

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const seenLines = (): readonly string[] =>
  world.witness
    .seen()
    .requests.map(({ method, target, body }) => `${method} ${target} ${body.toString('latin1')}`.trim())

const named = (texts: readonly string[] = []) => texts.map((text) => [short(JSON.stringify(text)), text] as const)

describe.each(groups.map((each) => [each.group, each] as const))('%s', (_name, group) => {
  it.for(named(group.refused))('refuses %s, and the probe behind it', async ([, text]) => {
    world.witness.forget()
    const { answers, isClosed } = await send(portOf(world), withProbe(group, text))
    const statuses = answers.map(({ status }) => status)

    expect([statuses.length, isClosed]).toEqual([1, true])
    expect(statuses[0]).toBeGreaterThanOrEqual(400)
    expect(statuses[0]).toBeLessThan(500)
    await expectNothingForwarded(world)
  })

  it.for(named(group.cut))('breaks off what is wrong in %s, and reads no probe behind it', async ([, text]) => {
    world.witness.forget()
    const { answers, isClosed } = await send(portOf(world), withProbe(group, text))
    // What was begun at the backend before it broke may still be on its way there.
    await expect.poll(() => world.running.gateway.upstreams().map(({ inFlight }) => inFlight)).toEqual([0])
    const { requests } = world.witness.seen()
    for (const { connection } of requests) await world.witness.connectionClosed(connection)

    expect([answers.filter(({ status }) => status < 400), isClosed]).toEqual([[], true])
    expect(requests.filter(({ isComplete }) => isComplete)).toEqual([])
  })

  it.for(named(group.taken))('takes %s for what it is', async ([, text]) => {
    world.witness.forget()
    const { answers, isClosed } = await send(portOf(world), withProbe(group, text))

    expect([answers.map(({ status }) => status), isClosed]).toEqual([(group.sees ?? []).map(() => 200), true])
    expect(seenLines()).toEqual(group.sees)
  })

  it.for(named(group.waits))('waits for the rest of %s', async ([, text]) => {
    world.witness.forget()
    const socket = connect(portOf(world), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(Buffer.from(withProbe(group, text), 'latin1'))
    await world.witness.requestsBegun(1)
    const [received] = world.witness.seen().requests
    socket.destroy()
    await world.witness.connectionClosed(received?.connection ?? 1)

    expect(world.witness.seen().requests.map(({ isComplete }) => isComplete)).toEqual([false])
  })
})

describe('attacks.yaml', () => {
  it('holds hundreds of requests, each once, and no group without words', () => {
    const all = groups.flatMap((group) =>
      [group.refused, group.cut, group.taken, group.waits].flatMap((texts = []) =>
        texts.map((text) => withProbe(group, text)),
      ),
    )

    expect(all.length).toBeGreaterThan(500)
    expect(new Set(all).size).toBe(all.length)
    expect(groups.filter(({ why }) => why.length < 10)).toEqual([])
  })
})
