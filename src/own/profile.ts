/** What a caller is told about themselves, in the shape of listmonk's `GET /api/profile`. Pure. */
import type { Identity } from '../model/identity.ts'
import type { ListId } from '../model/ids.ts'
import { ownGrant, type Grants } from '../policy/grants.ts'
import type { Policy } from '../policy/rule.ts'

interface RoleOfLists {
  readonly id: number
  readonly name: string
  readonly lists: readonly { readonly id: ListId; readonly name: string; readonly permissions: readonly string[] }[]
}

export interface Profile {
  readonly data: {
    readonly id: number
    readonly created_at: string
    readonly updated_at: string
    readonly username: string
    readonly password: null
    readonly password_login: boolean
    readonly email: null
    readonly name: string
    readonly type: 'api' | 'user'
    readonly status: Identity['status']
    readonly avatar: null
    readonly twofa_type: 'none'
    readonly loggedin_at: null
    readonly user_role: { readonly id: number; readonly name: string; readonly permissions: readonly string[] }
    readonly list_role: RoleOfLists | null
  }
}

/** Roles of the gateway have names only, and several are shown as one; clients of listmonk read an integer here. */
const noId = 0

/**
 * `grants` are what is in force now, so that a list that ran out or was deleted does not show. Names of lists stand at
 * the backend and are not looked up: they are empty.
 */
export function profileOf(identity: Identity, grants: Grants, policy: Policy): Profile {
  return {
    data: {
      id: identity.id,
      created_at: backendTime(identity.createdAt),
      updated_at: backendTime(identity.updatedAt),
      username: identity.name,
      password: null,
      password_login: identity.kind === 'person',
      email: null,
      name: identity.name,
      type: identity.kind === 'person' ? 'user' : 'api',
      status: identity.status,
      avatar: null,
      twofa_type: 'none',
      loggedin_at: null,
      user_role: {
        id: noId,
        name: identity.roles.join(', '),
        permissions: [...grants.permissions.keys()].filter((permission) => policy.permissions.has(permission)),
      },
      list_role: listRoleOf(identity, grants, policy),
    },
  }
}

/** `null` for somebody without any list role or list of their own, as listmonk has it. */
function listRoleOf(identity: Identity, grants: Grants, { scope }: Policy): RoleOfLists | null {
  const names = [...identity.listRoles, ...(identity.listGrants.length === 0 ? [] : [ownGrant])]
  if (names.length === 0) return null
  const ids = [...new Set([...grants.get.keys(), ...grants.manage.keys()])].toSorted((a, b) => a - b)
  const lists = ids.map((id) => ({
    id,
    name: '',
    permissions: (['get', 'manage'] as const).filter((need) => grants[need].has(id)).map((need) => scope[need].role),
  }))
  return { id: noId, name: names.join(', '), lists }
}

/** As Go writes a time in UTC: `Z`, and no zeros at the end of the fraction. */
const backendTime = (epochMs: number): string => new Date(epochMs).toISOString().replace(/\.?0*Z$/, 'Z')
