/** Finds out who asks the admin API: by the session in a cookie, or by a token in `Authorization`. */
import type { FastifyRequest } from 'fastify'
import { authenticator, type Authenticate } from '../authenticate/authenticator.ts'
import { readCredential } from '../authenticate/header.ts'
import { lookUpBudget } from '../authenticate/look-up-budget.ts'
import { credentialMemo } from '../authenticate/memo.ts'
import { refused } from '../model/failure.ts'
import type { Identity } from '../model/identity.ts'
import { parseTenantName, type TenantName } from '../model/ids.ts'
import { grantsOf } from '../policy/grants.ts'
import type { Authority } from './authority.ts'
import type { Caller } from './caller.ts'
import { unknownCaller } from './challenge.ts'
import type { CookieNames } from './cookies.ts'
import { isForged } from './forgery.ts'
import type { AdminParts } from './parts.ts'
import { isSecret, secretSha256 } from './people/secrets.ts'

/** A session is noted as seen at most once in this time. */
const touchEveryMs = 60_000

/** `undefined` where no credential is given; throws a Failure for one that is not right. */
export function identify(parts: AdminParts, cookies: CookieNames) {
  const { identities, failures, clock, store } = parts
  const authenticate = authenticator({
    ...{ identities, failures, clock },
    memo: credentialMemo(),
    budget: lookUpBudget(clock),
    touch: (token, epochMs) => store.touch(token, epochMs),
  })
  return async (request: FastifyRequest): Promise<Caller | undefined> => {
    const { authorization } = request.headers
    // What is named expressly counts: a browser adds cookies by itself.
    if (authorization !== undefined && authorization !== '') return byToken(parts, authenticate, request, authorization)
    const secret = request.cookies[cookies.session]
    return secret === undefined || secret === '' ? undefined : bySession(parts, request, secret)
  }
}

async function bySession(parts: AdminParts, request: FastifyRequest, secret: string): Promise<Caller> {
  const { store, clock } = parts
  const session = isSecret(secret) ? await store.sessions.find(secretSha256(secret)) : undefined
  const identity = session === undefined ? undefined : await store.find(session.tenant, session.name)
  const authority = identity === undefined ? undefined : authorityOf(parts, identity)
  if (session === undefined || authority === undefined) throw unknownCaller('session-expired')
  if (isForged(request.method, request.headers)) throw refused('request-forgery')
  // Not waited for: a store that another process writes to right now can still be read.
  if (clock.epochMs() - session.seenAt >= touchEveryMs) store.sessions.touch(session.id).catch(() => undefined)
  return { authority, session, token: undefined, author: authorOf(request, authority.identity) }
}

async function byToken(
  parts: AdminParts,
  authenticate: Authenticate,
  request: FastifyRequest,
  authorization: string,
): Promise<Caller> {
  const { config } = parts
  const reading = readCredential(authorization, undefined, { bearer: true, apiKey: false })
  if (reading.kind !== 'credential') throw unknownCaller('credentials-invalid')
  const { tenant, name } = split(reading.name, config().tenants[0].name)
  if (tenant === undefined) throw unknownCaller('credentials-invalid')
  const outcome = await authenticate({
    tenant,
    rule: { bearer: false, apiKey: false },
    authorization: `token ${name}:${reading.secret}`,
    apiKey: undefined,
    address: request.admin.address,
  })
  switch (outcome.kind) {
    case 'anonymous':
    case 'refused':
      throw unknownCaller('credentials-invalid')
    case 'limited':
      throw refused('too-many-failures', { retryAfterSeconds: outcome.retryAfterSeconds })
    case 'unavailable':
      throw outcome.failure
    case 'authenticated': {
      const authority = authorityOf(parts, outcome.principal.identity)
      if (authority === undefined) throw unknownCaller('credentials-invalid')
      const { identity, token } = outcome.principal
      return { authority, session: undefined, token: token.id, author: authorOf(request, identity) }
    }
  }
}

/** `tenant/name`, or a name alone of the first tenant. */
function split(given: string, first: TenantName): { readonly tenant: TenantName | undefined; readonly name: string } {
  const slash = given.indexOf('/')
  if (slash === -1) return { tenant: first, name: given }
  return { tenant: parseTenantName(given.slice(0, slash)), name: given.slice(slash + 1) }
}

/** `undefined` where the tenant is in no configuration any more, or the user may not come in. */
export function authorityOf(parts: AdminParts, identity: Identity): Authority | undefined {
  const { live, directory, store, clock } = parts
  const tenant = live.current().tenants.find(({ config }) => config.name === identity.tenant)
  if (tenant === undefined || identity.status !== 'enabled') return undefined
  const roles = directory.rolesOf(tenant)
  const grantsAt = (epochMs: number) => grantsOf(identity, roles, epochMs, store.retired(identity.tenant))
  return { identity, grants: grantsAt(clock.epochMs()), grantsAt }
}

const authorOf = ({ admin }: FastifyRequest, { tenant, name }: Identity) => ({
  actor: `user:${tenant}/${name}`,
  origin: admin.address,
  requestId: admin.requestId,
})
