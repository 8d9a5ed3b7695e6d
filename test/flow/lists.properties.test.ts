/**
 * Whatever is made, deleted, lost on the way and comes again, in any order: who reaches a list is who made it, or holds it
 * by a list role, since it was last deleted. The whole gateway over a real store and the demo's backend, with faults between.
 */
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { PolicySet, RateClass, Rule } from '../../src/policy/rule.ts'
import { startBackend, type Backend } from '../../src/demo/backend/server.ts'
import { startGateway, type Running, type User } from '../helpers/gateway.ts'

type Fault = 'none' | 'answer-lost' | 'request-lost' | 'store-before' | 'store-after'

/** Stands before the backend; loses the next request or its answer when told. */
async function lossyBackend(): Promise<{ readonly url: string; readonly backend: Backend; lose(what: Fault): void }> {
  const backend = await startBackend()
  let fault: Fault = 'none'
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [body, what] = [await buffer(request), fault]
    fault = 'none'
    if (what === 'request-lost') return void response.destroy()
    const { method, headers } = request
    const asking = httpRequest(`${backend.url}${request.url}`, { method, headers }).end(body)
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    const said = await buffer(answer)
    if (what === 'answer-lost') return void response.destroy()
    response.writeHead(answer.statusCode ?? 0, { 'content-type': 'application/json' }).end(said)
  }
  const server = createServer((request, response) => void pass(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await backend.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, backend, lose: (what) => void (fault = what) }
}

/** Everybody may make lists, and nobody is slowed down. */
function changed(shipped: PolicySet): PolicySet {
  const makes = (rule: Rule): Rule =>
    rule.id === 'POST /api/lists' ? { ...rule, allow: { kind: 'authenticated' } } : rule
  const wide = (each: RateClass): RateClass => ({ ...each, limit: 1_000_000 })
  const { plans, failures } = shipped.limits
  const policies = [...shipped.policies].map(
    ([name, policy]) => [name, { ...policy, rules: policy.rules.map(makes) }] as const,
  )
  const widePlans = [...plans].map(
    ([name, { classes }]) =>
      [name, { name, classes: new Map([...classes].map(([key, each]) => [key, wide(each)] as const)) }] as const,
  )
  return {
    ...shipped,
    policies: new Map(policies),
    limits: { failures, inFlight: 1_000_000, plans: new Map(widePlans) },
  }
}

type Who = 'ann' | 'ben' | 'cat'
type Step =
  | { readonly do: 'make'; readonly who: Who; readonly fault: Fault }
  /** The backend's ids start anew at the list: the next one that is made has its id. */
  | { readonly do: 'make-again' | 'delete'; readonly who: Who; readonly at: number; readonly fault: Fault }
  /** The row is there again, as after a backup was put back. */
  | { readonly do: 'come-again'; readonly at: number }

const who = fc.constantFrom<Who>('ann', 'ben', 'cat')
const fault = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>('none') },
  { weight: 2, arbitrary: fc.constantFrom<Fault>('answer-lost', 'request-lost', 'store-before', 'store-after') },
)
const at = fc.nat({ max: 20 })
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ do: fc.constant('make' as const), who, fault }),
    fc.record({ do: fc.constantFrom('make-again' as const, 'delete' as const), who, at, fault }),
    fc.record({ do: fc.constantFrom('delete' as const), who, at, fault }),
    fc.record({ do: fc.constant('come-again' as const), at }),
  ),
  { minLength: 1, maxLength: 10 },
)

const away = Object.assign(new Error('the disk is full'), { kind: 'unavailable' })

it('nobody reaches a list that was deleted and came again, but who made it anew; and who made one reaches it', async () => {
  const lossy = await lossyBackend()
  const gateway: Running = await startGateway({ policies: changed, upstreamUrl: lossy.url })
  const people: Readonly<Record<Who, User>> = {
    ann: await gateway.user('ann'),
    // Reads and manages list 3.
    ben: await gateway.user('ben', ['editor'], ['alpha team']),
    cat: await gateway.user('cat'),
  }
  // What is to hold, over all runs: nothing is forgotten between them.
  const holders = new Map<number, Set<Who>>([[3, new Set<Who>(['ben'])]])
  const holds = (name: Who, id: number): boolean => holders.get(id)?.has(name) === true
  const world = () => lossy.backend.world()
  const idAt = (index: number): number => [...holders.keys()][index % holders.size] ?? 3

  async function act(step: Step): Promise<void> {
    if (step.do === 'come-again') {
      const id = idAt(step.at)
      const [other] = world().lists.values()
      if (other !== undefined) world().lists.set(id, { ...other, id })
      return
    }
    lossy.lose(step.fault)
    if (step.do === 'delete') return deleted(step.who, idAt(step.at), step.fault)
    if (step.do === 'make-again') {
      const id = idAt(step.at)
      if (world().lists.has(id)) return lossy.lose('none')
      world().next.lists = id
    } else world().next.lists = Math.max(...holders.keys(), ...world().lists.keys()) + 1
    return made(step.who, world().next.lists, step.fault)
  }

  async function made(name: Who, id: number, what: Fault): Promise<void> {
    const failing = what === 'store-before' || what === 'store-after'
    if (failing) vi.spyOn(gateway.store, 'grantList').mockRejectedValueOnce(away)
    const { status } = await gateway.ask(people[name], 'POST', '/api/lists', { name: 'x' })
    holders.set(id, holders.get(id) ?? new Set())
    const unlessFailing = what === 'none' ? 200 : 502
    expect(status).toBe(failing ? 503 : unlessFailing)
    if (what === 'none') holders.get(id)?.add(name)
    // Undone; or never made; or made, and nobody was granted it.
    expect(world().lists.has(id)).toBe(what === 'none' || what === 'answer-lost')
  }

  async function deleted(name: Who, id: number, what: Fault): Promise<void> {
    if (what === 'store-before') vi.spyOn(gateway.store, 'beginRetirement').mockRejectedValueOnce(away)
    if (what === 'store-after') vi.spyOn(gateway.store, 'endRetirement').mockRejectedValueOnce(away)
    const { status } = await gateway.ask(people[name], 'DELETE', `/api/lists/${id}`)
    vi.restoreAllMocks()
    lossy.lose('none')
    if (!holds(name, id)) return expect(status).toBe(403)
    if (what === 'store-before') return expect(status).toBe(503)
    expect(status).toBe(what === 'none' || what === 'store-after' ? 200 : 502)
    holders.get(id)?.clear()
  }

  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      for (const step of all) {
        await act(step)
        for (const id of holders.keys()) {
          for (const name of ['ann', 'ben', 'cat'] as const) {
            const { status } = await gateway.ask(people[name], 'GET', `/api/lists/${id}`)
            expect([name, id, status !== 403]).toEqual([name, id, holds(name, id)])
          }
        }
      }
    }),
    { numRuns: 30, endOnFailure: true },
  )
}, 60_000)
