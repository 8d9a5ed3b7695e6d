/** For what runs long: a credential that was ended, or a right that was lost, must not go on seeing. */
import { unusable } from '../authenticate/verify.ts'
import type { AdminPermission } from '../model/admin-permission.ts'
import type { TenantName } from '../model/ids.ts'
import { may } from './authority.ts'
import type { Caller } from './caller.ts'
import { authorityOf } from './identify.ts'
import type { AdminParts } from './parts.ts'

/** Whether the caller would still be let in there. */
export async function isStillPermitted(
  parts: AdminParts,
  { authority, session, token: tokenId }: Caller,
  permission: AdminPermission,
  tenant: TenantName,
): Promise<boolean> {
  const { store, clock } = parts
  const { id, tenant: own, name } = authority.identity
  const identity = await store.find(own, name)
  if (identity?.id !== id) return false
  const now = authorityOf(parts, identity)
  if (now === undefined || !may(now, permission, tenant)) return false
  if (session !== undefined)
    return (await store.sessions.list({ user: id, limit: 200 })).some((each) => each.id === session.id)
  const token = identity.tokens.find((each) => each.id === tokenId)
  return token !== undefined && unusable(identity, token, clock.epochMs()) === undefined
}
