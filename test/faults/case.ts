/** What can be said of one fault, as data: how it fails, and which of its row's outcomes that is. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { parse } from 'yaml'
import type { Received } from '../helpers/upstream.ts'
import {
  ask,
  type Ask,
  type Asked,
  asking,
  type Fault,
  type Faulty,
  type Limits,
  type Line,
  startFaulty,
  type World,
} from './world.ts'

/** What is required, as rows.yaml has it. Of several values one must hold. */
export interface Required {
  /** What the caller reads; `none`: the connection breaks before there is a head. */
  readonly status: number | 'none' | readonly (number | 'none')[]
  /** In the envelope, if the answer is whole, and in the log; none: no failure of the gateway's. */
  readonly code?: string | readonly string[]
  /** RFC 9209 name in the log. */
  readonly log?: string | readonly string[]
  readonly phase?: string | readonly string[]
  /** How often the backend saw each request: `1`, or `0..1`. */
  readonly seen: number | string
  /** Whether the connection breaks in the middle of the answer. */
  readonly breaks?: boolean | 'either'
}

export interface Listed {
  readonly id: string
  readonly fault: string
  readonly short_form?: string
  /** Seconds; an order of magnitude. */
  readonly within: number
  readonly outcomes?: Readonly<Record<string, Required>>
  readonly also?: readonly string[]
  readonly not_applicable?: string
  readonly not_held?: string
}

export const listed = parse(readFileSync(new URL('rows.yaml', import.meta.url), 'utf8')) as readonly Listed[]

export function requiredOf(id: string, outcome: string): Required & { readonly within: number } {
  const row = listed.find((each) => each.id === id)
  const required = row?.outcomes?.[outcome]
  if (row === undefined || required === undefined) throw new Error(`no outcome ${id} ${outcome} in rows.yaml`)
  return { ...required, within: row.within }
}

export interface Case {
  /** A key of the row's `outcomes`. */
  readonly outcome: string
  readonly name: string
  run(world: World, id: string): Promise<void>
}

export interface Row {
  readonly id: string
  readonly cases: readonly Case[]
}

export const row = (id: string, ...cases: readonly (Case | readonly Case[])[]): Row => ({ id, cases: cases.flat() })

export const custom = (outcome: string, name: string, run: (world: World, id: string) => Promise<void>): Case => ({
  outcome,
  name,
  run,
})

export interface How extends Fault {
  /** Default GET and POST. */
  readonly methods?: readonly string[]
  /** How many at once, one after the other; default 1 and 64. */
  readonly counts?: readonly number[]
  readonly limits?: Limits
  /** In place of the small one, for methods that carry one. */
  readonly body?: Buffer
  readonly look?: (asked: Asked, world: World) => void
}

/** The fault with each method, alone and many at once; after it the backend heals, and what comes then is answered. */
export const fault = (outcome: string, name: string, how: How): Case => ({
  outcome,
  name,
  async run(world, id) {
    for (const method of how.methods ?? ['GET', 'POST']) {
      for (const count of how.counts ?? [1, 64]) {
        const faulty = await startFaulty(how)
        world.use(faulty.url, how.limits)
        const { requests, asked } = await askMany(world, method, count, how.body)
        await expectOutcome(world, requiredOf(id, outcome), method, asked, faulty.requests)
        for (const each of asked) how.look?.(each, world)
        expect(requests).toHaveLength(count)
        faulty.heal()
        await expectHealthy(world)
        await faulty.close()
      }
    }
  },
})

export async function askMany(
  world: World,
  method: string,
  count: number,
  body?: Buffer,
): Promise<{ readonly requests: readonly Ask[]; readonly asked: readonly Asked[] }> {
  const requests = Array.from({ length: count }, () => {
    const made = asking(method, world.nextId())
    return body === undefined || made.body === undefined ? made : { ...made, body }
  })
  return { requests, asked: await Promise.all(requests.map((each) => ask(world, each))) }
}

/** INVARIANT: what changes something is never sent twice, whatever a row says. */
export async function expectOutcome(
  world: World,
  required: Required & { readonly within: number },
  method: string,
  asked: readonly Asked[],
  received: readonly Received[],
): Promise<void> {
  const lines = await world.linesOf(asked.map(({ target }) => target))
  const wrong = asked.flatMap((each) => {
    const logged = lines.filter(({ path }) => path === each.target)
    const count = received.filter(({ target }) => target === each.target).length
    return problems(required, method, each, logged, count)
  })
  expect([...new Set(wrong)]).toEqual([])
}

/** `null` is YAML's word for nothing. */
type Value = string | number | null | undefined
type Allowed = Value | readonly Value[]

function problems(
  required: Required & { readonly within: number },
  method: string,
  asked: Asked,
  logged: readonly Line[],
  count: number,
): readonly string[] {
  const found: string[] = []
  const must = (what: string, allowed: Allowed, value: string | number | string[] | undefined): void => {
    // `~` in the table: nothing.
    const all = [allowed].flat().map((each) => each ?? undefined)
    if (!all.some((each) => each === value))
      found.push(`${method}: ${what} is ${String(value)}, not ${all.map(String).join(' or ')}`)
  }
  const [line] = logged
  must('status', required.status, asked.status ?? 'none')
  if (required.breaks !== 'either') must('end', required.breaks === true ? 'cut' : 'whole', asked.end)
  must('lines in the log', 1, logged.length)
  must('logged code', required.code, line?.error?.code)
  must('logged name', required.log, line?.error?.proxy_error)
  must('logged phase', required.phase, line?.error?.phase)
  if (asked.end === 'whole' && required.code !== undefined && (asked.status ?? 0) >= 400 && method !== 'HEAD') {
    must('code', required.code, codeIn(asked.body))
    must('content-type', 'application/json', asked.headers['content-type'])
    must('content-encoding', undefined, asked.headers['content-encoding'])
    must('set-cookie', undefined, asked.headers['set-cookie'])
    if (asked.body.includes('127.0.0.1')) found.push('the envelope names the backend')
  }
  const [least = 0, most = 0] = rangeOf(required.seen)
  if (count < least || count > most) found.push(`${method}: seen ${count} times, not ${required.seen}`)
  if (!['GET', 'HEAD'].includes(method) && count > 1) found.push(`${method}: sent ${count} times`)
  if (asked.ms > required.within * 1000) found.push(`${method}: took more than ${required.within} s`)
  return found
}

const rangeOf = (seen: number | string): readonly number[] => {
  const [least, most = least] = String(seen).split('..').map(Number)
  return [least ?? 0, most ?? 0]
}

function codeIn(body: Buffer): string | undefined {
  try {
    return (JSON.parse(body.toString()) as { data: { code: string } }).data.code
  } catch {
    return undefined
  }
}

/** What comes right after a fault is answered, reads and writes. */
export async function expectHealthy(world: World): Promise<void> {
  const all = ['GET', 'POST', 'GET', 'DELETE', 'GET', 'HEAD']
  const asked = await Promise.all(all.map((method) => ask(world, asking(method, world.nextId()))))
  expect(asked.map(({ status, end }) => [status, end])).toEqual(all.map(() => [200, 'whole']))
}

/** For faults that need a backend of their own making. */
export async function withFaulty(made: Fault, work: (faulty: Faulty) => Promise<void>): Promise<void> {
  const faulty = await startFaulty(made)
  try {
    await work(faulty)
  } finally {
    await faulty.close()
  }
}
