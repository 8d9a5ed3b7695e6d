import { promises as dns } from 'node:dns'
import { afterEach, describe, expect, it } from 'vitest'
import { createResolver, type NameSources, type Resolver } from '../../src/forward/resolver.ts'
import { startDns, type DnsAnswer, type DnsServer } from '../helpers/dns-server.ts'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()))
})

interface World {
  readonly resolver: Resolver
  readonly server: DnsServer
  /** Names that the system's resolver was asked for. */
  readonly system: readonly string[]
  readonly time: { nowMs: number }
}

async function world(
  answerFor: (name: string) => DnsAnswer,
  more: Partial<Pick<NameSources, 'hosts' | 'resolvConf' | 'system'>> = {},
): Promise<World> {
  const server = await startDns(answerFor)
  const system: string[] = []
  const time = { nowMs: 0 }
  const resolver = createResolver(
    {
      hosts: more.hosts ?? (() => '127.0.0.7 in-hosts\n'),
      resolvConf: more.resolvConf ?? (() => ''),
      dns() {
        const asking = new dns.Resolver({ timeout: 200, tries: 1 })
        asking.setServers([server.server])
        return asking
      },
      system(name) {
        system.push(name)
        return more.system?.(name) ?? Promise.reject(Object.assign(new Error(name), { code: 'ENOTFOUND' }))
      },
    },
    { epochMs: () => time.nowMs, monotonicMs: () => time.nowMs },
  )
  opened.push(resolver, server)
  return { server, system, resolver, time }
}

/** The addresses, or the code of the error. */
const ask = ({ resolver }: World, name: string, family = 0): Promise<readonly string[] | string> =>
  new Promise((resolve) => {
    resolver.lookup(name, { all: true, family }, (error, addresses) => {
      if (error !== null) return resolve(error.code ?? error.message)
      return resolve(typeof addresses === 'string' ? [addresses] : addresses.map(({ address }) => address))
    })
  })

const at = (address: string, seconds = 60): DnsAnswer => ({ addresses: [address], seconds })

describe('a resolver', () => {
  it('reads the hosts file before it asks, and knows what is the machine itself', async () => {
    const here = await world(() => 'silent')
    expect(await Promise.all(['in-hosts', 'localhost', 'a.localhost'].map((name) => ask(here, name)))).toEqual([
      ['127.0.0.7'],
      ['127.0.0.1', '::1'],
      ['127.0.0.1', '::1'],
    ])
    expect([here.server.asked, here.system]).toEqual([[], []])
  })

  it('asks DNS for both kinds of address, and gives the kind that is wanted', async () => {
    const here = await world(() => at('127.0.0.8'))
    expect(await ask(here, 'backend.test')).toEqual(['127.0.0.8'])
    expect(await ask(here, 'backend.test', 4)).toEqual(['127.0.0.8'])
    expect(await ask(here, 'backend.test', 6)).toBe('ENOTFOUND')
    expect(here.server.asked).toEqual(['backend.test', 'backend.test'])
  })

  it('gives one address to who asks for one', async () => {
    const { resolver } = await world(() => at('127.0.0.8'))
    const one = new Promise((resolve) => resolver.lookup('backend.test', {}, (...answer) => resolve(answer)))
    expect(await one).toEqual([null, '127.0.0.8', 4])
  })

  it('looks in the domains of resolv.conf, as they are at the time', async () => {
    let conf = 'search one.test two.test\n'
    const here = await world((name) => (name === 'backend.two.test' ? at('127.0.0.9', 0) : 'none'), {
      resolvConf: () => conf,
    })
    expect(await ask(here, 'backend')).toEqual(['127.0.0.9'])
    conf = ''
    here.time.nowMs += 6_000
    expect(await ask(here, 'backend')).toEqual(['127.0.0.9'])
    expect(here.system).toEqual(['backend'])
  })

  it('asks the system only for what DNS does not know or say', async () => {
    const here = await world(
      (name) =>
        new Map([
          ['known.test', at('127.0.0.8')],
          ['broken.test', 'fails' as const],
        ]).get(name) ?? 'none',
      {
        system: (name) =>
          name === 'mine.local'
            ? Promise.resolve([{ address: '127.0.0.5', family: 4 }])
            : Promise.reject(Object.assign(new Error(name), { code: 'EAI_AGAIN' })),
      },
    )
    expect(await Promise.all(['known.test', 'mine.local', 'broken.test'].map((name) => ask(here, name)))).toEqual([
      ['127.0.0.8'],
      ['127.0.0.5'],
      'EAI_AGAIN',
    ])
    expect(here.system.toSorted()).toEqual(['broken.test', 'mine.local'])
  })

  it('remembers as long as the answer says, 5 s at most, and not at all where it says so', async () => {
    let address = '127.0.0.1'
    const here = await world((name) => at(address, name === 'brief.test' ? 0 : 600))
    const both = (): Promise<unknown> => Promise.all([ask(here, 'long.test'), ask(here, 'brief.test')])
    expect(await both()).toEqual([['127.0.0.1'], ['127.0.0.1']])
    address = '127.0.0.2'
    here.time.nowMs += 4_999
    expect(await both()).toEqual([['127.0.0.1'], ['127.0.0.2']])
    here.time.nowMs += 1
    expect(await both()).toEqual([['127.0.0.2'], ['127.0.0.2']])
  })

  it('uses the last addresses where there is no answer any more', async () => {
    let answer: DnsAnswer = at('127.0.0.3')
    const here = await world(() => answer, { system: () => new Promise(() => {}) })
    await ask(here, 'backend.test')
    here.time.nowMs += 60_000
    for (const mute of ['silent', 'fails', 'none'] as const) {
      answer = mute
      expect(await ask(here, 'backend.test')).toEqual(['127.0.0.3'])
    }
  })

  it('asks once for many who ask at the same time', async () => {
    const here = await world(() => at('127.0.0.3'))
    await Promise.all(Array.from({ length: 50 }, () => ask(here, 'backend.test')))
    expect(here.server.asked).toEqual(['backend.test', 'backend.test'])
  })

  it('F33: four names that DNS and the system are silent about hold up no fifth, and one thread at most', async () => {
    let atOnce = 0
    const here = await world(
      (name) => (name === 'well.test' && at('127.0.0.4')) || (name.startsWith('unknown') ? 'none' : 'silent'),
      {
        system() {
          atOnce++
          return new Promise(() => {})
        },
      },
    )
    const stalled = ['silent1.test', 'silent2.test', 'unknown3.test', 'unknown4.test']
    for (const name of stalled) void ask(here, name)
    await expect.poll(() => here.system.length).toBe(1)
    expect(await ask(here, 'well.test')).toEqual(['127.0.0.4'])
    expect(atOnce).toBe(1)
  })
})
