/** Stage own: what is about the caller alone is answered here. The backend knows one account behind all callers, and never hears of it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import '../context.ts'
import type { Gate, Tenant } from '../context.ts'
import { refused } from '../model/failure.ts'
import type { Identity } from '../model/identity.ts'
import type { Grants } from '../policy/grants.ts'
import type { Own } from '../policy/rule.ts'
import { profileOf } from './profile.ts'

export interface OwnOptions {
  /** Takes the reply over and sends `json`: in the backend's shape, or as the document that it is. */
  readonly send: (request: FastifyRequest, reply: FastifyReply, json: object, as: 'data' | 'document') => void
  /** What the caller may use, as OpenAPI. */
  readonly document: (tenant: Tenant, grants: Grants, identity: Identity) => object
}

export const own = fp<OwnOptions>(
  async (app, { send, document }) => {
    app.addHook('onRequest', (request, reply, done) => {
      const { match } = request.gate
      if (match?.kind !== 'rule' || match.rule.own === undefined) return done()
      const { own: word } = match.rule
      const json = answerOf(word, request.gate, document)
      if (json === undefined) return done(refused('internal', { cause: 'nobody was judged for an answer of our own' }))
      // INVARIANT: not `done`: the chain ends here, and nothing is forwarded.
      return send(request, reply, json, word === 'openapi' ? 'document' : 'data')
    })
  },
  { name: 'own', dependencies: ['scope'] },
)

function answerOf(
  own: Own,
  { tenant, principal, grants, decision }: Gate,
  document: OwnOptions['document'],
): object | undefined {
  if (tenant === undefined || principal === undefined || grants === undefined) return undefined
  if (decision?.effect !== 'allow') return undefined
  switch (own) {
    case 'profile':
      return profileOf(principal.identity, grants, tenant.policy)
    case 'openapi':
      return document(tenant, grants, principal.identity)
    case 'logout':
      // There is no session to end: a token is valid until it is revoked.
      return { data: true }
  }
}
