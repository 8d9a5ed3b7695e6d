/**
 * Resolves the names of backends without libuv's threads. The system's resolver holds one of the four that the whole process
 * has, for as long as it likes: four names that it cannot find would keep every other name waiting, and every file. So the
 * hosts file is read here, DNS is asked over sockets, and only for what neither knows the system's resolver is asked, for one
 * name at a time (F33).
 *
 * Bounds: 256 names. Age: as long as the answer says, 5 s at most; an older address is used where there is no answer
 * within 300 ms, or none at all.
 */
import type { LookupAddress, promises as dns } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { Clock } from '../model/time.ts'
import { addressesIn, fullNames, searchRuleIn } from './hosts-file.ts'

export interface NameSources {
  /** The text of `hosts` and of `resolv.conf`, as they are now; empty where there is none. */
  hosts(): string
  resolvConf(): string
  /** Makes a resolver that asks DNS over sockets. */
  dns(): Pick<dns.Resolver, 'resolve4' | 'resolve6' | 'cancel'>
  /** Asks the system's resolver, in a thread. */
  system(name: string): Promise<readonly LookupAddress[]>
}

export interface Resolver {
  readonly lookup: LookupFunction
  close(): void
}

interface Known {
  readonly addresses: readonly LookupAddress[]
  readonly untilMs: number
}

const maxNames = 256
const maxAgeMs = 5_000
const staleAfterMs = 300

export function createResolver(sources: NameSources, clock: Clock): Resolver {
  const known = new Map<string, Known>()
  const underWay = new Map<string, Promise<Known>>()
  const askSystem = oneAtATime(sources.system)
  let asking = sources.dns()

  async function ask(name: string): Promise<Known> {
    try {
      const found = await inDns(asking, fullNames(name, searchRuleIn(sources.resolvConf())))
      if (found !== undefined) return knownFor(found.addresses, found.seconds * 1000)
    } catch {
      // Its servers may have changed; the system knows where to look beside them.
      asking = sources.dns()
    }
    return knownFor(await askSystem(name), maxAgeMs)
  }

  const knownFor = (addresses: readonly LookupAddress[], ageMs: number): Known => ({
    addresses,
    untilMs: clock.monotonicMs() + Math.min(ageMs, maxAgeMs),
  })

  function shared(name: string): Promise<Known> {
    const same = underWay.get(name)
    if (same !== undefined) return same
    const looking = ask(name).then((found) => {
      known.delete(name)
      known.set(name, found)
      for (const [oldest] of known) if (known.size > maxNames) known.delete(oldest)
      return found
    })
    underWay.set(name, looking)
    const forget = (): void => void underWay.delete(name)
    looking.then(forget, forget)
    return looking
  }

  async function resolve(name: string): Promise<readonly LookupAddress[]> {
    const own = ownAddresses(name, sources.hosts())
    if (own.length > 0) return own
    const last = known.get(name)
    if (last === undefined) return (await shared(name)).addresses
    if (clock.monotonicMs() < last.untilMs) return last.addresses
    return (await fresher(shared(name), last)).addresses
  }

  return {
    lookup(name, options, callback) {
      const failed = (error: unknown): void => tell(callback, error instanceof Error ? error : notFound(name))
      const found = (addresses: readonly LookupAddress[]): void => {
        const wanted = familyOf(options.family)
        const fitting = wanted === 0 ? addresses : addresses.filter((each) => each.family === wanted)
        tell(callback, fitting.length === 0 ? notFound(name) : fitting, options.all === true)
      }
      resolve(name).then(found).catch(failed)
    },
    close: () => asking.cancel(),
  }
}

/** What the machine says of itself, and of names that RFC 6761 gives it. */
function ownAddresses(name: string, hosts: string): readonly LookupAddress[] {
  const found = addressesIn(hosts, name).map(addressOf)
  if (found.length > 0) return found
  return /^(?:.+\.)?localhost\.?$/i.test(name) ? ['127.0.0.1', '::1'].map(addressOf) : []
}

const addressOf = (address: string): LookupAddress => ({ address, family: isIP(address) })

interface Found {
  readonly addresses: readonly LookupAddress[]
  readonly seconds: number
}

/** `undefined`: DNS knows no such name. Rejects when it does not say. */
async function inDns(resolver: ReturnType<NameSources['dns']>, names: readonly string[]): Promise<Found | undefined> {
  for (const name of names) {
    const [four, six] = await Promise.allSettled([
      resolver.resolve4(name, { ttl: true }),
      resolver.resolve6(name, { ttl: true }),
    ])
    const records = [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    if (records.length > 0)
      return {
        addresses: records.map(({ address }) => addressOf(address)),
        seconds: Math.min(...records.map(({ ttl }) => ttl)),
      }
    const failed = [four, six].find((answer) => answer.status === 'rejected' && !isNoSuchName(answer.reason))
    if (failed?.status === 'rejected') throw failed.reason
  }
  return undefined
}

const isNoSuchName = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')

/** The new addresses, or the last ones where they do not come. */
function fresher(next: Promise<Known>, last: Known): Promise<Known> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(last), staleAfterMs).unref()
    const settle = (found: Known): void => {
      clearTimeout(timer)
      resolve(found)
    }
    next.then(settle, () => settle(last))
  })
}

/** Whoever asks while another question is under way waits for its end: one thread is the most that can be lost. */
function oneAtATime<T>(ask: (name: string) => Promise<T>): (name: string) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (name) => {
    const next = last.then(() => ask(name))
    last = next.catch(() => {})
    return next
  }
}

type Callback = Parameters<LookupFunction>[2]

/** Behind the promise: what a callback throws is no rejection of it. */
function tell(callback: Callback, found: Error | readonly LookupAddress[], isAll = false): void {
  process.nextTick(() => {
    if (found instanceof Error) callback(found, [])
    else if (isAll) callback(null, [...found])
    else callback(null, found[0]?.address ?? '', found[0]?.family)
  })
}

const familyOf = (family: number | 'IPv4' | 'IPv6' | undefined): number => {
  if (family === 'IPv4') return 4
  return family === 'IPv6' ? 6 : (family ?? 0)
}

const notFound = (name: string): Error =>
  Object.assign(new Error(`no address of the wanted kind for ${name}`), { code: 'ENOTFOUND' })
