/** Stage scope: reads what the rule must read of query and body, decides, and writes what is sent on. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import '../context.ts'
import type { Gate, Tenant } from '../context.ts'
import { refused } from '../model/failure.ts'
import type { ListId } from '../model/ids.ts'
import type { FoundThings } from '../model/decision.ts'
import type { Asker, StoredThings } from '../model/ports.ts'
import type { Rule } from '../policy/rule.ts'
import { heldBodies } from './held-bodies.ts'
import { judge, type Settled, targetFailure } from './judge.ts'
import type { Wanted } from './look-up.ts'
import type { TakenBody } from './outgoing.ts'
import { type BodyHead, bodyFailure, bytesToHold, takeBody } from './take-body.ts'

export interface ScopeOptions {
  readonly things: StoredThings<Tenant>
}

export const scope = fp<ScopeOptions>(
  async (app, { things }) => {
    const bodies = heldBodies()
    /** Whether the caller may have another body like this under way; it counts until the answer is over. */
    const holdsBody = (gate: Gate, head: BodyHead, reply: FastifyReply, rule: Rule): boolean => {
      const bytes = bytesToHold(rule.body, head)
      const who = gate.principal?.identity.id
      if (bytes === 0 || who === undefined) return true
      const release = bodies.hold(who, bytes)
      if (release === undefined) return false
      reply.raw.once('close', release)
      if (reply.raw.destroyed) release()
      return true
    }

    /** Looks up what the decision waits for, each resource beside the others. */
    const lookUp = async (tenant: Tenant, wanted: Wanted, asker: Asker): Promise<FoundThings> =>
      new Map(
        await Promise.all(
          [...wanted].map(async ([name, keys]) => {
            const kind = tenant.policy.resources.get(name)
            const lists = kind === undefined ? noThings : await things.listsOf(tenant, kind, keys, asker)
            return [name, lists] as const
          }),
        ),
      )

    const settle = (request: FastifyRequest, tenant: Tenant, rule: Rule, body: TakenBody, done: Done): void => {
      const { gate } = request
      const { target, match } = gate
      if (target === undefined || match?.kind !== 'rule') return done(refused('internal'))
      const { scope: lists, resources } = tenant.policy
      const terms = { scope: lists, partial: tenant.config.partial ?? lists.partial, resources }
      const judged = judge({ rule, params: match.params, target, body }, terms, gate.grants)
      if (judged.kind !== 'waits') return finish(gate, judged, done)
      lookUp(tenant, judged.wanted, askerOf(gate, rule))
        .then(judged.settle)
        .then((settled) => finish(gate, settled, done), done)
      return undefined
    }

    app.addHook('onRequest', (request, reply, done) => {
      const { gate } = request
      const { tenant, match, target, headers } = gate
      if (tenant === undefined || target === undefined || headers === undefined || match?.kind !== 'rule') {
        return done(refused('internal', { cause: 'nothing was authorized' }))
      }
      const { rule, params } = match
      const failure = targetFailure(rule, params, target) ?? bodyFailure(rule.body, headers)
      if (failure !== undefined) return done(failure)

      if (!holdsBody(gate, headers, reply, rule))
        return done(refused('rate-limited', { retryAfterSeconds: 1, close: true }))

      // Node leaves `100 Continue` to us (see app.ts): nobody is asked for a body before they may send it.
      if (headers.expectsContinue) reply.raw.writeContinue()
      const reading = takeBody(rule, headers, request.raw)
      if (reading instanceof Promise) {
        reading.then((taken) => {
          gate.bytesIn = taken.bytesIn
          settle(request, tenant, rule, taken.body, done)
        }, done)
        return undefined
      }
      return settle(request, tenant, rule, reading, done)
    })
  },
  { name: 'scope', dependencies: ['limit'] },
)

type Done = (error?: Error) => void

const noThings: ReadonlyMap<string, readonly ListId[] | undefined> = new Map()

function askerOf({ requestId, traceparent, clientAddress, headers }: Gate, { timeoutMs }: Rule): Asker {
  return { requestId, traceparent, clientAddress, authorization: headers?.authorization, timeoutMs }
}

function finish(gate: Gate, judged: Settled, done: Done): void {
  switch (judged.kind) {
    case 'unreadable':
      return done(judged.failure)
    case 'denied':
      gate.decision = judged.decision
      return done(judged.failure)
    case 'allowed':
      gate.decision = judged.decision
      gate.outgoing = judged.outgoing
      return done()
  }
}
