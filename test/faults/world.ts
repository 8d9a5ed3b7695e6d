/** One gateway, and behind it a backend that fails in a stated way until it is healed. */
import { request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { UpstreamConfig } from '../../src/config/config.ts'
import type { PolicySet } from '../../src/policy/rule.ts'
import { openGateway, type Running, type User } from '../helpers/gateway.ts'
import {
  answer,
  hangs,
  http,
  type Received,
  type Script,
  type ScriptOptions,
  startUpstream,
} from '../helpers/upstream.ts'

export type Limits = Partial<UpstreamConfig>

export interface World {
  readonly running: Running
  readonly root: User
  readonly port: number
  /** A number that no request had before: it stands in the target. */
  nextId(): number
  /** Puts a backend behind the gateway; what stood there before is given up. */
  use(url: string, limits?: Limits): void
  /** What was logged of these requests, in no order; waits until each has its line. */
  linesOf(targets: readonly string[]): Promise<readonly Line[]>
  close(): Promise<void>
}

export interface Line {
  readonly path: string
  readonly status: number
  readonly error?: { readonly code: string; readonly proxy_error?: string; readonly phase?: string }
}

const patient: Limits = {
  connections: 64,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  totalTimeoutMs: 60_000,
  queue: { size: 64, waitMs: 10_000 },
  // Each row is about one failure and not about what many of them bring about: that has tests of its own.
  breaker: { connectFailures: 1_000_000, failurePercent: 100, minRequests: 1_000_000, windowMs: 10_000, openMs: 1_000 },
}

export async function openWorld(): Promise<World> {
  const { running, close } = await openGateway({ policies: unlimited })
  let lastId = 0
  const logged = (targets: ReadonlySet<string>): Line[] =>
    running.log().flatMap((each) => {
      const line = each as unknown as Line & { readonly msg: string }
      return line.msg === 'request' && targets.has(line.path) ? [line] : []
    })
  return {
    running,
    root: await running.user('root', ['administrator']),
    port: Number(new URL(running.url).port),
    nextId: () => ++lastId,
    use(url, limits) {
      const [tenant] = running.config.tenants
      const upstream: UpstreamConfig = { ...tenant.upstream, ...patient, ...limits, urls: [url] }
      running.gateway.reload({ ...running.config, tenants: [{ ...tenant, upstream }] }, running.policies)
    },
    async linesOf(targets) {
      const wanted = new Set(targets)
      await until(
        () => logged(wanted).length >= targets.length,
        () => `lines: ${logged(wanted).length} of ${targets.length}`,
      )
      return logged(wanted)
    },
    close,
  }
}

/** Hundreds of requests come from one address here. */
export function unlimited(shipped: PolicySet): PolicySet {
  const limit = 10_000_000
  const plans = [...shipped.limits.plans].map(([name, plan]) => {
    const classes = [...plan.classes].map(([key, each]) => [key, { ...each, limit }] as const)
    return [name, { ...plan, classes: new Map(classes) }] as const
  })
  return { ...shipped, limits: { ...shipped.limits, plans: new Map(plans), inFlight: limit } }
}

/** Looks again and again; gives up after a time that is never needed. */
export async function until(
  holds: () => boolean,
  what: () => string,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const givenUpAt = performance.now() + 15_000
  while (!holds()) {
    if (performance.now() > givenUpAt) throw new Error(`waited in vain: ${what()}`)
    await meanwhile()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export interface Ask {
  readonly method: string
  readonly target: string
  readonly body?: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export interface Asked {
  readonly target: string
  /** `undefined`: the connection broke before there was a head. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** `cut`: the connection ended before the answer did. */
  readonly end: 'whole' | 'cut'
  readonly ms: number
}

/** The request number `id` of a method, on a route whose body and answer pass as they are. */
export function asking(method: string, id: number): Ask {
  if (method === 'POST') return { method, target: `/webhooks/service/${id}`, body: Buffer.from('{"event":1}') }
  if (method === 'PUT') return { method, target: `/api/settings/k${id}`, body: Buffer.from('"value"') }
  if (method === 'DELETE') return { method, target: `/api/media/${id}` }
  return { method, target: `/api/lang/${id}` }
}

/** Asks on a connection of its own that the caller would keep open. */
export function ask({ port, root }: World, { method, target, body, headers }: Ask): Promise<Asked> {
  const beganAt = performance.now()
  const isPublic = target.startsWith('/webhooks/')
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let settled = false
    let isAnswered = false
    const settle = (asked: Omit<Asked, 'target' | 'body' | 'ms'>): void => {
      if (settled) return
      settled = true
      resolve({ ...asked, target, body: Buffer.concat(parts), ms: performance.now() - beganAt })
    }
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path: target,
      agent: false,
      headers: {
        connection: 'keep-alive',
        ...(isPublic ? {} : { authorization: root.authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.byteLength }),
        ...headers,
      },
    })
    request.on('response', (response) => {
      isAnswered = true
      const { statusCode: status, headers: got } = response
      response.on('data', (chunk: Buffer) => parts.push(chunk))
      response.on('error', () => {})
      response.on('close', () => settle({ status, headers: got, end: response.complete ? 'whole' : 'cut' }))
    })
    // Once there is an answer, its own end counts: an upload nobody wants any more may break beside it.
    request.on('error', () => {
      if (!isAnswered) settle({ status: undefined, headers: {}, end: 'cut' })
    })
    request.end(body)
  })
}

export interface Faulty {
  readonly url: string
  readonly port: number
  readonly requests: readonly Received[]
  readonly connections: readonly Socket[]
  connectionClosed(n: number): Promise<void>
  requestsBegun(n: number): Promise<void>
  /** From now on every request is answered, on connections new and old. */
  heal(): void
  close(): Promise<void>
}

export interface Fault extends ScriptOptions {
  readonly script?: Script
}

export const answerHealthy: Script = (wire, received) =>
  answer(wire, received, 200, '{"data":"healthy"}', ['Content-Type: application/json'])

export const healthyAnswer = http(200, '{"data":"healthy"}', ['Content-Type: application/json'])

export async function startFaulty({ script = hangs, onConnection, ...options }: Fault): Promise<Faulty> {
  let isHealthy = false
  const backend = await startUpstream(
    (wire, received) => (isHealthy ? answerHealthy(wire, received) : script(wire, received)),
    {
      ...options,
      onConnection: (wire) => {
        if (!isHealthy) onConnection?.(wire)
      },
    },
  )
  return { ...backend, heal: () => void (isHealthy = true) }
}
