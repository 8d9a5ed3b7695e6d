/** Rights that are about to be given: held against what the giver holds. Throws the Failure `grant-exceeds`. */
import type { Tenant } from '../context.ts'
import { refused } from '../model/failure.ts'
import type { Identity } from '../model/identity.ts'
import type { ListId } from '../model/ids.ts'
import type { Held, Roles } from '../policy/grants.ts'
import { excess, type Authority, type Wanted } from './authority.ts'
import type { AdminParts } from './parts.ts'

export function checkGivable(authority: Authority, tenant: Tenant, wanted: Wanted): void {
  const found = excess(authority, tenant.config.name, tenant.policy.scope, wanted)
  if (found === undefined) return
  const { permissions, lists } = found
  const what = [...permissions, ...lists.map((list) => `list ${list}`)]
  throw refused('grant-exceeds', {
    message: `nobody can give what they do not hold: ${what.slice(0, 10).join(', ')}${what.length > 10 ? ', …' : ''}`,
    details: { permissions, lists },
  })
}

/** What roles give, by name. */
export function wantedOfRoles(names: readonly string[], listRoles: readonly string[], roles: Roles): Wanted {
  const held = names.flatMap((name) => roles.userRoles.get(name) ?? [])
  return {
    permissions: held.flatMap(({ permissions }) => permissions),
    admin: held.flatMap(({ admin }) => admin),
    lists: listRoles.flatMap((name) => roles.listRoles.get(name)?.grants ?? []),
  }
}

/** Everything that somebody holds at `nowMs`, each list for as long as they hold it. */
function wantedOf(held: Held, roles: Roles, nowMs: number, retired: ReadonlySet<ListId>): Wanted {
  const { permissions, admin, lists } = wantedOfRoles(held.roles, held.listRoles, roles)
  const own = held.listGrants ?? []
  const named = [...lists].filter(({ list }) => !(retired as ReadonlySet<number>).has(list))
  return { permissions, admin, lists: [...named, ...own].filter(({ until = Infinity }) => until > nowMs) }
}

/**
 * Whoever changes a user's sign-in, makes tokens for them or enables them could act as them: so they must hold all that the user holds.
 * `identity` is of `tenant`.
 */
export function checkAbove(authority: Authority, tenant: Tenant, identity: Identity, parts: AdminParts): void {
  if (authority.identity.tenant === identity.tenant && authority.identity.name === identity.name) return
  const roles = parts.directory.rolesOf(tenant)
  const retired = parts.store.retired(identity.tenant)
  checkGivable(authority, tenant, wantedOf(identity, roles, parts.clock.epochMs(), retired))
}
