/** Stage grant: what making or deleting a list changes in who may reach it. */
import type { ServerResponse } from 'node:http'
import fp from 'fastify-plugin'
import '../context.ts'
import type { Gate, Tenant } from '../context.ts'
import type { Author } from '../model/author.ts'
import { refused } from '../model/failure.ts'
import type { TenantName } from '../model/ids.ts'
import type { ListLedger, Retirement } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'
import { grantingHold } from './granting.ts'
import { heldAnswer, type Answer, type Hold } from './held-answer.ts'
import { retiringHold, retiringLists } from './retiring.ts'

export interface GrantParts {
  readonly ledger: ListLedger
  readonly clock: Clock
  readonly newId: () => string
  /** The tenants whose lists are the same: those of one backend. */
  readonly sharing: (tenant: Tenant) => readonly TenantName[]
  /** Sends a DELETE of the gateway's own to the request's backend; whether it succeeded. Never rejects. */
  readonly undo: (gate: Gate, target: string) => Promise<boolean>
  readonly warn: (facts: object, message: string) => void
}

export interface ListEffects {
  /** Before anything is sent. Rejects with a Failure when it must not be. */
  begin(gate: Gate, response: ServerResponse): Promise<void> | undefined
  /** Puts what follows from the answer before the answer. */
  follow(gate: Gate, answer: Answer): Answer
  /** All that followed from answers so far is written. */
  settled(): Promise<void>
}

export function createListEffects(parts: GrantParts): ListEffects {
  const { ledger, clock, newId, sharing, undo, warn } = parts
  const pending = new WeakMap<Gate, Retirement>()
  const running = new Set<Promise<unknown>>()

  /** Callers may have left, so that nobody but us waits for it. */
  const tracked = ({ wants, settle }: Hold): Hold => ({
    wants,
    settle: (ending) => {
      const settling = settle(ending)
      running.add(settling)
      return settling.finally(() => running.delete(settling))
    },
  })

  async function withhold(gate: Gate, retirement: Retirement, response: ServerResponse): Promise<void> {
    const author = authorIn(gate)
    try {
      await ledger.beginRetirement(retirement, author)
    } catch (cause) {
      throw refused('store-unavailable', { cause, retryAfterSeconds: 1 })
    }
    pending.set(gate, retirement)
    const release = (): void => {
      // Never handed on: nothing was sent.
      if (!pending.delete(gate)) return
      ledger.endRetirement(retirement, 'kept', author).catch((error: unknown) => {
        const { tenants, lists } = retirement
        warn({ tenants, lists, cause: String(error) }, 'lists stay withheld: see `sallyport list retired`')
      })
    }
    if (response.destroyed) {
      release()
      throw refused('request-timeout', { cause: 'the caller left' })
    }
    response.once('close', release)
  }

  return {
    begin(gate, response) {
      const { match, tenant, outgoing } = gate
      if (match?.kind !== 'rule' || match.rule.retire === undefined) return undefined
      if (tenant === undefined || outgoing === undefined)
        return Promise.reject(refused('internal', { cause: 'nothing was judged' }))
      const lists = retiringLists(match.rule.retire, match.params, outgoing.target)
      if (lists.length === 0) return undefined
      return withhold(gate, { tenants: sharing(tenant), lists, operation: newId() }, response)
    },
    follow(gate, answer) {
      const { match, principal } = gate
      const retirement = pending.get(gate)
      if (retirement !== undefined) {
        pending.delete(gate)
        return heldAnswer(answer, tracked(retiringHold(retirement, authorIn(gate), { ledger, warn })))
      }
      if (match?.kind !== 'rule' || match.rule.grant === undefined || principal === undefined) return answer
      const { tenant, name } = principal.identity
      const maker = { tenant, name, author: authorIn(gate), sinceMs: clock.epochMs() }
      const own = { ledger, warn, undo: (target: string) => undo(gate, target) }
      return heldAnswer(answer, tracked(grantingHold(match.rule.grant, maker, own)))
    },
    async settled() {
      await Promise.all(running)
    },
  }
}

const authorIn = ({ principal, clientAddress, requestId }: Gate): Author => ({
  actor: `user:${principal?.identity.name ?? ''}`,
  origin: clientAddress,
  requestId,
})

export const grant = fp<{ readonly effects: ListEffects }>(
  async (app, { effects }) => {
    app.addHook('onRequest', (request, reply, done) => {
      const beginning = effects.begin(request.gate, reply.raw)
      if (beginning === undefined) return done()
      // Fastify goes on when it is fulfilled.
      return beginning
    })
  },
  { name: 'grant', dependencies: ['own'] },
)
