/** Tokens of API users: made, labelled, rotated with overlap, revoked. Shown once. */
import { LRUCache } from 'lru-cache'
import type { Tenant } from '../../context.ts'
import type { Terms } from '../../model/author.ts'
import { refused } from '../../model/failure.ts'
import type { Identity } from '../../model/identity.ts'
import { tokenIdFrom, type TokenId } from '../../model/ids.ts'
import { newToken as makeToken, tokenSha256 } from '../../model/token.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { checkAbove } from '../giving.ts'
import { writeCursor } from '../cursor.ts'
import { cursorIn, instantIn, invalid, limitIn, spanMs } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { tokenJson } from '../present.ts'
import { closed, rowIdText, tenantName, userName } from '../schemas/common.ts'
import {
  expiringFilter,
  newToken,
  rotation,
  shownToken,
  token,
  tokenChange,
  tokenFilter,
  tokenList,
  tokenPage,
} from '../schemas/tokens.ts'
import { identityOf, userPath } from './users.ts'

const tokenPath = closed({ tenant: tenantName, user: userName, token: rowIdText })

const defaultOverlapMs = 86_400_000
const maxOverlapMs = 30 * 86_400_000
/** How long the secret of a request that may be repeated is remembered, in memory alone. */
const rememberedMs = 600_000

export function tokenEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store, clock, random } = parts
  /** By idempotency key. */
  const secrets = new LRUCache<string, string>({ max: 1_000, ttl: rememberedMs })

  const show = async ({ config }: Tenant, user: string, id: TokenId) => {
    const [found] = await store.listTokens({ tenant: config.name, user, id, limit: 1 })
    if (found === undefined) throw refused('not-found', { message: `${user} has no token ${id}` })
    return tokenJson(found, clock.epochMs())
  }
  /** Makes the token; where the request was carried out before, the one that it made then, with its secret while that is remembered. */
  const once = async (by: Terms, make: (sha256: Buffer, terms: Terms) => Promise<TokenId>) => {
    const remembered = by.once === undefined ? undefined : secrets.get(by.once.key)
    const secret = remembered ?? makeToken(random)
    // Before the store is asked: the same request may come again while it works.
    if (by.once !== undefined) secrets.set(by.once.key, secret)
    let isReplay = false
    const onReplay = (): void => {
      isReplay = true
      by.once?.onReplay()
    }
    const id = await make(tokenSha256(secret), { ...by, once: by.once && { ...by.once, onReplay } })
    return { id, secret: isReplay ? (remembered ?? null) : secret }
  }

  return [
    endpoint({
      id: 'listTokens',
      route: 'GET /api/tenants/:tenant/users/:user/tokens',
      tag: 'tokens',
      summary: 'Tokens of a user, newest first, without their secrets',
      needs: 'users:get',
      params: userPath,
      query: tokenFilter,
      answer: tokenPage,
      handle: async ({ tenant, params, query }) => {
        await identityOf(parts, tenant, params.user)
        const limit = limitIn(query.limit ?? '200')
        const [cursor] = cursorIn(query.cursor, 'tokens', ['number']) ?? []
        const newest = { before: cursor === undefined ? undefined : tokenIdFrom(Number(cursor)) }
        const found = await store.listTokens({ tenant: tenant.config.name, user: params.user, newest, limit })
        const last = found.length === limit ? found.at(-1) : undefined
        const nowMs = clock.epochMs()
        return {
          data: {
            results: found.map((each) => tokenJson(each, nowMs)),
            next: last === undefined ? null : writeCursor('tokens', [last.id]),
          },
        }
      },
    }),
    endpoint({
      id: 'createToken',
      route: 'POST /api/tenants/:tenant/users/:user/tokens',
      tag: 'tokens',
      summary: 'A new token; its secret is shown this once',
      needs: 'tokens:manage',
      params: userPath,
      body: newToken,
      answer: shownToken,
      status: 201,
      failures: ['conflict', 'grant-exceeds'],
      isOnce: true,
      handle: async ({ tenant, params, body, caller, by }) => {
        const identity = await identityOf(parts, tenant, params.user)
        mustBeApi(identity)
        checkAbove(caller.authority, tenant, identity, parts)
        const lifetime = lifetimeOf(body, clock.epochMs())
        const made = await once(by, (sha256, terms) =>
          store.createToken(tenant.config.name, params.user, { sha256, label: body.label ?? '', ...lifetime }, terms),
        )
        return { data: { token: await show(tenant, params.user, made.id), secret: made.secret } }
      },
    }),
    endpoint({
      id: 'updateToken',
      route: 'PATCH /api/tenants/:tenant/users/:user/tokens/:token',
      tag: 'tokens',
      summary: 'Give a token another label',
      needs: 'tokens:manage',
      params: tokenPath,
      body: tokenChange,
      answer: token,
      handle: async ({ tenant, params, body, by }) => {
        const id = tokenIdFrom(Number(params.token))
        await store.relabelToken({ tenant: tenant.config.name, name: params.user, id }, body.label, by)
        return { data: await show(tenant, params.user, id) }
      },
    }),
    endpoint({
      id: 'rotateToken',
      route: 'POST /api/tenants/:tenant/users/:user/tokens/:token/rotation',
      tag: 'tokens',
      summary: 'A new token beside the old one, which ends after the overlap',
      needs: 'tokens:manage',
      params: tokenPath,
      body: rotation,
      answer: shownToken,
      status: 201,
      failures: ['conflict', 'grant-exceeds'],
      isOnce: true,
      handle: async ({ tenant, params, body, caller, by }) => {
        const identity = await identityOf(parts, tenant, params.user)
        mustBeApi(identity)
        checkAbove(caller.authority, tenant, identity, parts)
        const now = clock.epochMs()
        const overlapMs = body.overlap === undefined ? defaultOverlapMs : spanMs('overlap', body.overlap)
        if (overlapMs > maxOverlapMs) throw invalid({ path: 'overlap', problem: 'is more than 30d' })
        const id = tokenIdFrom(Number(params.token))
        const old = await show(tenant, params.user, id)
        const { expiresAt } = lifetimeOf(body, now)
        const key = { tenant: tenant.config.name, name: params.user, id }
        const made = await once(by, (sha256, terms) => {
          const stored = { sha256, label: body.label ?? old.label, notBefore: undefined, expiresAt }
          return store.rotateToken(key, stored, now + overlapMs, terms)
        })
        return { data: { token: await show(tenant, params.user, made.id), secret: made.secret } }
      },
    }),
    endpoint({
      id: 'revokeToken',
      route: 'DELETE /api/tenants/:tenant/users/:user/tokens/:token',
      tag: 'tokens',
      summary: 'Revoke a token: it is refused from now on, and never comes back',
      needs: 'tokens:manage',
      params: tokenPath,
      answer: token,
      handle: async ({ tenant, params, by }) => {
        const id = tokenIdFrom(Number(params.token))
        // Found under its user first: an id alone would reach across tenants.
        await show(tenant, params.user, id)
        await store.revokeToken(id, by)
        return { data: await show(tenant, params.user, id) }
      },
    }),
    endpoint({
      id: 'listExpiringTokens',
      route: 'GET /api/tenants/:tenant/tokens/expiring',
      tag: 'tokens',
      summary: 'Valid tokens of a tenant that end soon',
      needs: 'users:get',
      params: closed({ tenant: tenantName }),
      query: expiringFilter,
      answer: tokenList,
      handle: async ({ tenant, query }) => {
        const nowMs = clock.epochMs()
        const withinMs = spanMs('within', query.within ?? '14d')
        const endsBefore = { nowMs, beforeMs: nowMs + withinMs }
        const found = await store.listTokens({ tenant: tenant.config.name, endsBefore, limit: limitIn(query.limit) })
        return { data: { results: found.map((each) => tokenJson(each, nowMs)) } }
      },
    }),
  ]
}

const mustBeApi = ({ kind, name }: Identity): void => {
  if (kind !== 'api') throw refused('conflict', { message: `${name} is a person: people sign in, they have no tokens` })
}

function lifetimeOf(
  { not_before: from, expires_at: to }: { readonly not_before?: string | null; readonly expires_at?: string | null },
  nowMs: number,
) {
  const notBefore = instantIn('not_before', from)
  const expiresAt = instantIn('expires_at', to)
  if (expiresAt !== undefined && expiresAt <= nowMs) throw invalid({ path: 'expires_at', problem: 'is over' })
  if (notBefore !== undefined && expiresAt !== undefined && notBefore >= expiresAt) {
    throw invalid({ path: 'not_before', problem: 'is not before expires_at: the token would never be valid' })
  }
  return { notBefore, expiresAt }
}
