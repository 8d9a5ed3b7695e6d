/** `/api/roles`: user roles, and list roles whose lists are rows of their own. */
import { bindNode } from './bind.ts'
import type { Context, Routes } from './context.ts'
import { bind, pathId } from './context.ts'
import type { Node } from './go-parse.ts'
import { bad, data, done, failed } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { goTime } from './time.ts'
import type { RoleRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

export function addRoleRoutes(routes: Routes): void {
  routes.add('GET', '/api/roles/users', ({ world }) => data(top(world, 'user').map((row) => userRoleJson(row))))
  routes.add('GET', '/api/roles/lists', ({ world }) => data(top(world, 'list').map((row) => listRoleJson(world, row))))
  routes.add('POST', '/api/roles/users', createUserRole)
  routes.add('POST', '/api/roles/lists', createListRole)
  routes.add('PUT', '/api/roles/users/:id', updateUserRole)
  routes.add('PUT', '/api/roles/lists/:id', updateListRole)
  routes.add('DELETE', '/api/roles/:id', deleteRole)
}

const top = (world: World, type: string): RoleRow[] =>
  [...world.roles.values()].filter((row) => row.type === type && row.parent_id === null)

function userRoleJson({ id, created_at, updated_at, type, name, permissions }: RoleRow): object {
  return { id, created_at: goTime(created_at), updated_at: goTime(updated_at), type, name, permissions, lists: null }
}

function listRoleJson(world: World, { id, created_at, updated_at, name }: RoleRow): object {
  const lists = listsOfRole(world, id)
  return { id, created_at: goTime(created_at), updated_at: goTime(updated_at), name, lists }
}

/** The lists of a list role with what it grants on each. */
export function listsOfRole(world: World, id: number): object[] {
  return [...world.roles.values()].flatMap((row) => {
    if (row.parent_id !== id || row.list_id === null) return []
    return { id: row.list_id, name: world.lists.get(row.list_id)?.name ?? '', permissions: row.permissions }
  })
}

function insertRole(
  world: World,
  row: Pick<RoleRow, 'type' | 'name' | 'parent_id' | 'list_id' | 'permissions'>,
  now: string,
): RoleRow {
  const inserted = { id: nextId(world, 'roles'), ...row, created_at: now, updated_at: now }
  world.roles.set(inserted.id, inserted)
  return inserted
}

function checkName(world: World, type: string, name = ''): string {
  if (name.trim().length < 1 || name.length > 2000) throw bad('Invalid fields: name')
  if (top(world, type).some((row) => row.name === name)) {
    const text = `pq: duplicate key value violates unique constraint "idx_roles_name". Key (type, name)=(${type}, ${name}) already exists.`
    throw failed(`Error creating Role: ${text}`)
  }
  return name
}

function checkPermissions(world: World, permissions: readonly string[]): string[] {
  const known = world.roles.get(1)?.permissions ?? []
  const unknown = permissions.find((permission) => !known.includes(permission))
  if (unknown !== undefined) throw bad(`Invalid fields: permission: ${unknown}`)
  return [...permissions]
}

const userShape = { name: 'string', permissions: 'strings' } as const

function createUserRole(context: Context): JsonReply {
  const { world, now } = context
  const body = bind(context, userShape)
  const permissions = checkPermissions(world, body.permissions ?? [])
  const name = checkName(world, 'user', body.name)
  return data(userRoleJson(insertRole(world, { type: 'user', name, parent_id: null, list_id: null, permissions }, now)))
}

/** The Super Admin role cannot be changed. */
function editableId(context: Context): number {
  const id = pathId(context)
  if (id === 1) throw bad('Invalid ID(s)')
  return id
}

/** Any role can be named here, also a list role. Its time of change stays. */
function updateUserRole(context: Context): JsonReply {
  const { world } = context
  const id = editableId(context)
  const body = bind(context, userShape)
  const permissions = checkPermissions(world, body.permissions ?? [])
  const row = world.roles.get(id)
  if (row === undefined) throw failed('Error updating User role: sql: no rows in result set')
  row.name = body.name ?? row.name
  row.permissions = permissions
  return data(userRoleJson(row))
}

const listShape = { name: 'string', lists: 'nodes' } as const

/** At most two permissions an entry; entries without any are skipped. */
function readLists(nodes: readonly Node[] | null | undefined): { id: number; permissions: string[] }[] {
  const entries = (nodes ?? []).map((node) => bindNode(node, { id: 'int', permissions: 'strings' }, 'lists'))
  return entries.flatMap(({ id = 0, permissions }) => {
    const kept = (permissions ?? []).slice(0, 2)
    const unknown = kept.find((permission) => permission !== 'list:get' && permission !== 'list:manage')
    if (unknown !== undefined) throw bad(`Invalid fields: list permissions: ${unknown}`)
    return kept.length === 0 ? [] : { id, permissions: kept }
  })
}

/** What was inserted before a list that does not exist stays: listmonk does not undo it. */
function insertLists(
  world: World,
  parent_id: number,
  lists: ReturnType<typeof readLists>,
  now: string,
  doing: string,
): void {
  const missing = lists.find(({ id }) => !world.lists.has(id))
  if (missing !== undefined) {
    const text = `pq: insert or update on table "roles" violates foreign key constraint "roles_list_id_fkey"`
    const key = `Key (list_id)=(${missing.id}) is not present in table "lists".`
    throw failed(`Error ${doing} Role: code=500, message=Error creating Role: ${text}. ${key}`)
  }
  for (const { id, permissions } of lists) {
    const stored = [...world.roles.values()].find((row) => row.parent_id === parent_id && row.list_id === id)
    if (stored === undefined) insertRole(world, { type: 'list', name: null, parent_id, list_id: id, permissions }, now)
    else stored.permissions = permissions
  }
}

function createListRole(context: Context): JsonReply {
  const { world, now } = context
  const body = bind(context, listShape)
  const lists = readLists(body.lists)
  const name = checkName(world, 'list', body.name)
  const row = insertRole(world, { type: 'list', name, parent_id: null, list_id: null, permissions: [] }, now)
  insertLists(world, row.id, lists, now, 'creating')
  return data({ ...listRoleJson(world, row), lists: null })
}

/** Given a user role's id this empties its permissions. */
function updateListRole(context: Context): JsonReply {
  const { world, now } = context
  const id = editableId(context)
  const body = bind(context, listShape)
  const lists = readLists(body.lists)
  const row = world.roles.get(id)
  if (row === undefined) throw failed('Error updating List role: sql: no rows in result set')
  row.name = body.name ?? row.name
  row.permissions = []
  for (const child of world.roles.values()) {
    if (child.parent_id === id && !lists.some((list) => list.id === child.list_id)) world.roles.delete(child.id)
  }
  insertLists(world, id, lists, now, 'updating')
  return data({ ...listRoleJson(world, row), lists: null })
}

/** The users that hold a list role go with it. */
function deleteRole(context: Context): JsonReply {
  const { world } = context
  const id = pathId(context)
  if (id === 1) throw bad('Invalid ID(s)')
  const users = [...world.users.values()]
  if (users.some((user) => user.user_role_id === id)) {
    throw failed(
      'Error deleting Role: pq: update or delete on table "roles" violates foreign key constraint "users_user_role_id_fkey"',
    )
  }
  for (const user of users) if (user.list_role_id === id) world.users.delete(user.id)
  for (const row of world.roles.values()) if (row.id === id || row.parent_id === id) world.roles.delete(row.id)
  return done
}
