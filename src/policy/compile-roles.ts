/** Compiles `roles.yaml` (and the `roles` of a case file) to roles. */
import { parseInstant } from '../config/formats.ts'
import type { Report } from '../config/report.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { placeAt, type Path, type Tree } from '../config/tree.ts'
import { ownerRole } from '../model/admin-permission.ts'
import { parseListId } from '../model/ids.ts'
import type { Need } from '../model/permission.ts'
import type { RolesWords } from './language-roles.ts'
import type { ListGrant, ListRole, UserRole } from './rule.ts'

export interface Roles {
  readonly userRoles: ReadonlyMap<string, UserRole>
  readonly listRoles: ReadonlyMap<string, ListRole>
}

/** `permissions` is every permission that some policy declares; `path` is where the roles stand in `tree`. */
export function compileRoles(
  words: Partial<RolesWords>,
  permissions: ReadonlySet<string>,
  tree: Tree,
  report: Report,
  path: Path = [],
): Roles {
  const userRoles = new Map<string, UserRole>()
  for (const [name, role] of Object.entries(words.user_roles ?? {})) {
    const where = [...path, 'user_roles', name]
    if (name === ownerRole) {
      report.add(
        where,
        `${quoted(ownerRole)} is the role that may do everything and is always there`,
        'choose another name',
      )
    }
    for (const [index, permission] of role.permissions.entries()) {
      if (permissions.has(permission)) continue
      report.add(
        [...where, 'permissions', index],
        `no policy declares the permission ${quoted(permission)}`,
        remedyFor(permission, permissions),
      )
    }
    userRoles.set(name, { name, permissions: role.permissions, admin: role.admin ?? [], at: placeAt(tree, where) })
  }
  const listRoles = new Map<string, ListRole>()
  for (const [name, role] of Object.entries(words.list_roles ?? {})) {
    const where = [...path, 'list_roles', name]
    const grants = Object.entries(role.lists).flatMap(([id, grant]): ListGrant[] => {
      const list = parseListId(id)
      if (list === undefined)
        report.add([...where, 'lists', id], `${quoted(id)} is not a list id`, 'write 1 to 2147483647')
      return list === undefined ? [] : [{ list, ...accessFrom(grant) }]
    })
    listRoles.set(name, { name, grants, at: placeAt(tree, where) })
  }
  return { userRoles, listRoles }
}

type GrantWords = readonly Need[] | { readonly allow: readonly Need[]; readonly until: string }

function accessFrom(grant: GrantWords): Omit<ListGrant, 'list'> {
  const needs = 'allow' in grant ? grant.allow : grant
  return {
    get: needs.includes('get'),
    manage: needs.includes('manage'),
    until: 'allow' in grant ? parseInstant(grant.until) : undefined,
  }
}
