/** Things of the store as the admin API shows them. Pure. */
import type { DirectGrant } from '../model/identity.ts'
import { documentedTime } from '../model/time.ts'
import type { Refusal } from '../observe/traffic.ts'
import type { Session } from '../store/sessions.ts'
import type { TokenSummary } from '../store/tokens.ts'
import type { UserSummary } from '../store/user-summaries.ts'

export const shownTime = (epochMs: number): string => documentedTime(epochMs)

export const shownMaybe = (epochMs: number | undefined): string | null =>
  epochMs === undefined || epochMs === Infinity ? null : documentedTime(epochMs)

export const grantJson = ({ list, get, manage, until }: DirectGrant) => ({
  list,
  get,
  manage,
  until: shownMaybe(until),
})

export const userJson = (user: UserSummary) => ({
  id: user.id,
  tenant: user.tenant,
  name: user.name,
  kind: user.kind,
  status: user.status,
  roles: [...user.roles],
  list_roles: [...user.listRoles],
  list_grants: user.listGrants.map(grantJson),
  plan: user.plan ?? null,
  email: user.email ?? null,
  note: user.note,
  version: user.version,
  created_at: shownTime(user.createdAt),
  updated_at: shownTime(user.updatedAt),
})

/** `waiting`: its time has not come. */
type TokenState = 'valid' | 'waiting' | 'expired' | 'revoked'

export function tokenJson(token: TokenSummary, nowMs: number) {
  return {
    id: token.id,
    label: token.label,
    user: token.user,
    state: tokenState(token, nowMs),
    created_at: shownTime(token.createdAt),
    not_before: shownMaybe(token.notBefore),
    expires_at: shownMaybe(token.expiresAt),
    revoked_at: shownMaybe(token.revokedAt),
    last_used_at: shownMaybe(token.lastUsedAt),
  }
}

function tokenState({ revokedAt, expiresAt, notBefore }: TokenSummary, nowMs: number): TokenState {
  if (revokedAt !== undefined) return 'revoked'
  if (expiresAt !== undefined && expiresAt <= nowMs) return 'expired'
  return notBefore !== undefined && notBefore > nowMs ? 'waiting' : 'valid'
}

export const sessionJson = (session: Session, currentId: number | undefined) => ({
  id: session.id,
  tenant: session.tenant,
  user: session.name,
  method: session.method,
  second_factor: session.secondFactor,
  address: session.address,
  agent: session.agent,
  created_at: shownTime(session.createdAt),
  seen_at: shownTime(session.seenAt),
  expires_at: shownTime(session.expiresAt),
  is_current: session.id === currentId,
})

export const refusalJson = ({ at, requestId, ...refusal }: Refusal) => ({
  at: shownTime(at),
  request_id: requestId,
  user: refusal.user ?? null,
  address: refusal.address,
  method: refusal.method,
  path: refusal.path ?? null,
  route: refusal.route ?? null,
  status: refusal.status,
  code: refusal.code,
  reason: refusal.reason ?? null,
  rule: refusal.rule ?? null,
  permissions: [...refusal.permissions],
  lists: [...refusal.lists],
})
