/** One gateway before one witness, and what a hostile client does: it writes bytes and reads what comes. */
import { connect } from 'node:net'
import type { PolicySet } from '../../src/policy/rule.ts'
import { type Overrides, openGateway, type Running, type User } from '../helpers/gateway.ts'
import { startWitness, type Witness } from './witness.ts'

export interface World {
  readonly running: Running
  readonly witness: Witness
  /** May everything: what is refused to them is refused for what it is. */
  readonly admin: User
  /** Reads list 3 and what is on it. */
  readonly reader: User
  close(): Promise<void>
}

export async function openWorld(overrides: Overrides = {}): Promise<World> {
  const witness = await startWitness()
  const { running, close } = await openGateway({ policies: unlimited, ...overrides, upstreamUrl: witness.url })
  return {
    running,
    witness,
    admin: await running.user('root', ['administrator']),
    reader: await running.user('ada', ['reader'], ['alpha readers']),
    async close() {
      await close()
      await witness.close()
    },
  }
}

const plenty = 1_000_000

/** Thousands of requests come from one address here. */
function unlimited(shipped: PolicySet): PolicySet {
  return withLimits(shipped, plenty, plenty)
}

/** The shipped policies with so many requests a class, and so many failed sign-ins an address. */
export function withLimits(shipped: PolicySet, limit: number, failures: number): PolicySet {
  const plans = [...shipped.limits.plans].map(([name, plan]) => {
    const classes = [...plan.classes].map(([key, each]) => [key, { ...each, limit }] as const)
    return [name, { ...plan, classes: new Map(classes) }] as const
  })
  return {
    ...shipped,
    limits: { plans: new Map(plans), failures: { ...shipped.limits.failures, limit: failures }, inFlight: plenty },
  }
}

export interface Answer {
  readonly status: number
  /** Flat, names in lower case. */
  readonly headers: readonly string[]
  readonly body: string
}

export interface Sent {
  readonly answers: readonly Answer[]
  /** The gateway ended the connection; otherwise it was given up after a while. */
  readonly isClosed: boolean
  /** All that came, latin1. */
  readonly text: string
}

const patienceMs = 4_000

/** Writes `bytes` (text is latin1) and reads until the gateway closes the connection. `isHead`: no answer has a body. */
export function send(port: number, bytes: string | Buffer, isHead = false, waitMs = patienceMs): Promise<Sent> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let isClosed = true
    const socket = connect(port, '127.0.0.1')
    const timer = setTimeout(() => {
      isClosed = false
      socket.destroy()
    }, waitMs)
    socket.on('data', (chunk) => parts.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      const text = Buffer.concat(parts).toString('latin1')
      resolve({ answers: answersIn(text, isHead), isClosed, text })
    })
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
}

export const portOf = ({ running }: Pick<World, 'running'>): number => Number(new URL(running.url).port)

/** The answers in `text`, one behind the other. Interim ones count too. */
function answersIn(text: string, isHead: boolean): Answer[] {
  const answers: Answer[] = []
  let rest = text
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) break
    const [line = '', ...fields] = rest.slice(0, end).split('\r\n')
    const headers = fields.flatMap((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    })
    const after = rest.slice(end + 4)
    const status = Number(line.split(' ')[1])
    const taken = isHead || status < 200 ? 0 : lengthOf(headers, after)
    answers.push({ status, headers, body: bodyOf(headers, after.slice(0, taken)) })
    rest = after.slice(taken)
  }
  return answers
}

export const valueOf = (headers: readonly string[], name: string): string | undefined => {
  const at = headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name)
  return at === -1 ? undefined : headers[at + 1]
}

function lengthOf(headers: readonly string[], after: string): number {
  const length = valueOf(headers, 'content-length')
  if (length !== undefined) return Number(length)
  if (valueOf(headers, 'transfer-encoding') === undefined) return after.length
  const last = /(?:^|\r\n)0\r\n\r\n/.exec(after)
  return last === null ? after.length : last.index + last[0].length
}

function bodyOf(headers: readonly string[], raw: string): string {
  if (valueOf(headers, 'transfer-encoding') === undefined) return raw
  let body = ''
  let rest = raw
  for (;;) {
    const line = rest.indexOf('\r\n')
    const size = Number.parseInt(rest.slice(0, line), 16)
    if (line === -1 || !(size > 0)) return body
    body += rest.slice(line + 2, line + 2 + size)
    rest = rest.slice(line + 2 + size + 2)
  }
}
