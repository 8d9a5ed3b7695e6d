/** Stage scope: reads what the rule must read of query and body, decides, and writes what is sent on. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import '../context.ts'
import type { Gate, Tenant } from '../context.ts'
import { refused } from '../model/failure.ts'
import type { Rule } from '../policy/rule.ts'
import { judge, targetFailure } from './judge.ts'
import { bodyFailure, takeBody } from './take-body.ts'

export const scope = fp(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      const { gate } = request
      const { tenant, match, target } = gate
      if (tenant === undefined || target === undefined || match?.kind !== 'rule') {
        return done(refused('internal', { cause: 'nothing was authorized' }))
      }
      const { rule, params } = match
      const failure = targetFailure(rule, params, target) ?? bodyFailure(rule.body, request.raw)
      if (failure !== undefined) return done(failure)

      continueIfExpected(request, reply)
      const reading = takeBody(rule, request.raw)
      if (reading instanceof Promise) {
        reading.then((taken) => {
          gate.bytesIn = taken.bytesIn
          settle(gate, tenant, rule, taken.body, done)
        }, done)
        return undefined
      }
      return settle(gate, tenant, rule, reading, done)
    })
  },
  { name: 'scope', dependencies: ['limit'] },
)

type Done = (error?: Error) => void

function settle(gate: Gate, tenant: Tenant, rule: Rule, body: Parameters<typeof judge>[0]['body'], done: Done): void {
  const { target, match } = gate
  if (target === undefined || match?.kind !== 'rule') return done(refused('internal'))
  const terms = { scope: tenant.policy.scope, partial: tenant.config.partial ?? tenant.policy.scope.partial }
  const judged = judge({ rule, params: match.params, target, body }, terms, gate.grants)
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

/** Node leaves `100 Continue` to us (see app.ts): nobody is asked for a body before they may send it. */
function continueIfExpected(request: FastifyRequest, reply: FastifyReply): void {
  if (request.raw.headers.expect !== undefined) reply.raw.writeContinue()
}
