/** `/api/users` and `/api/profile`. */
import { createHash, randomBytes } from 'node:crypto'
import type { Context, Routes } from './context.ts'
import { bind, lenientIds, pathId } from './context.ts'
import { bad, data, done, failed, Refusal } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { listsOfRole } from './roles.ts'
import { cleanEmail } from './subscriber-changes.ts'
import { goTime } from './time.ts'
import type { UserRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

/** `caller` is the name of the service credential's user. */
export function addUserRoutes(routes: Routes, caller: string): void {
  routes.add('GET', '/api/users', ({ world }) => data([...world.users.values()].map((row) => userJson(world, row))))
  routes.add('GET', '/api/users/:id', getUser)
  routes.add('POST', '/api/users', createUser)
  routes.add('PUT', '/api/users/:id', updateUser)
  routes.add('DELETE', '/api/users', deleteUsers)
  routes.add('DELETE', '/api/users/:id', (context) => removeUsers(context.world, [pathId(context)]))
  routes.add('GET', '/api/profile', ({ world }) => data(userJson(world, callerRow(world, caller))))
  routes.add('PUT', '/api/profile', (context) => updateProfile(context, callerRow(context.world, caller)))
  // With a token there is no session to end: listmonk panics and the connection closes.
  routes.add('POST', '/api/logout', () => 'close')
  routes.add('GET', '/api/users/:id/twofa/totp', (context) => {
    pathId(context)
    throw failed('Internal server error')
  })
  routes.add('PUT', '/api/users/:id/twofa', enableTwofa)
  routes.add('DELETE', '/api/users/:id/twofa', () => {
    throw bad('Enable 2FA for additional security when logging into your account.')
  })
}

/** A credential that names no user of the world acts as the first super admin. */
function callerRow(world: World, caller: string): UserRow {
  const rows = [...world.users.values()]
  const row = rows.find((user) => user.username === caller) ?? rows.find((user) => user.user_role_id === 1)
  if (row === undefined) throw new Refusal(404, 'User not found')
  return row
}

/** `password` is told once, to whoever creates an API user. */
function userJson(world: World, row: UserRow, password: string | null = null): object {
  const { id, username, name, type, status, avatar, twofa_type, loggedin_at, list_role_id } = row
  const isApi = type === 'api'
  const role = world.roles.get(row.user_role_id)
  const listRole = list_role_id === null ? undefined : world.roles.get(list_role_id)
  return {
    ...{ id, created_at: goTime(row.created_at), updated_at: goTime(row.updated_at), username, password },
    ...{ password_login: isApi || row.password_login, email: isApi ? null : row.email, name, type, status, avatar },
    ...{ twofa_type, loggedin_at, ...(list_role_id === null ? {} : { list_role_id }) },
    user_role: { id: row.user_role_id, name: role?.name ?? '', permissions: role?.permissions ?? [] },
    list_role:
      listRole === undefined ? null : { id: listRole.id, name: listRole.name, lists: listsOfRole(world, listRole.id) },
  }
}

function getUser(context: Context): JsonReply {
  const row = context.world.users.get(pathId(context))
  if (row === undefined) throw new Refusal(404, 'User not found')
  return data(userJson(context.world, row))
}

const shape = {
  username: 'string',
  name: 'string',
  email: 'string',
  type: 'string',
  status: 'string',
  password: 'string',
  password_login: 'bool',
  user_role_id: 'int',
  list_role_id: 'intOrNull',
} as const

const userName = /^[a-zA-Z0-9_\-.@]{3,2000}$/
const onlySuperAdmin = "User(s) couldn't be updated. There has to be at least one active Super Admin user."

function createUser(context: Context): JsonReply {
  const { world, now } = context
  const body = bind(context, shape)
  const { username = '', type = '', password_login = false, list_role_id: listRoleId = null } = body
  const isApi = type === 'api'
  if (!userName.test(username)) throw bad('Invalid fields: username')
  const email = isApi ? `${username}@api` : cleanEmail(body.email ?? '')
  if (email === undefined) throw bad('Invalid fields: email')
  if (!isApi && password_login && (body.password ?? '').length < 8) throw bad('Invalid fields: password')
  const name = body.name === undefined || body.name === '' ? username : body.name
  const token = isApi ? randomBytes(36).toString('base64url') : undefined
  const id = nextId(world, 'users')
  const { user_role_id: roleId = 0 } = body
  const secret = hashed(token ?? body.password ?? '')
  if (world.roles.get(roleId)?.type !== 'user') {
    const text = 'pq: null value in column "user_role_id" of relation "users" violates not-null constraint'
    const shown = [
      id,
      username,
      'f',
      secret,
      email,
      name,
      'null',
      type,
      'null',
      'null',
      body.status,
      'none',
      'null',
      'null',
      now,
      now,
    ]
    throw failed(`Error creating User: ${text}. Failing row contains (${shown.join(', ')}).`)
  }
  if ([...world.users.values()].some((row) => row.username === username)) {
    throw failed('Error creating User: pq: duplicate key value violates unique constraint "users_username_key"')
  }
  const row: UserRow = {
    ...{ id, username, password_login: !isApi && password_login, password: secret, email, name, type },
    ...{ status: body.status ?? 'enabled', user_role_id: roleId, list_role_id: listRoleId || null, avatar: null },
    ...{ twofa_type: 'none', twofa_key: null, loggedin_at: null, created_at: now, updated_at: now },
  }
  world.users.set(id, row)
  return data(userJson(world, row, token ?? null))
}

const hashed = (text: string): string => createHash('sha256').update(text).digest('hex')

const isLastSuperAdmin = (world: World, ids: readonly number[]): boolean =>
  ![...world.users.values()].some((row) => row.user_role_id === 1 && row.status === 'enabled' && !ids.includes(row.id))

/** An absent list role is taken away; role 0 keeps. */
function updateUser(context: Context): JsonReply {
  const { world, now } = context
  const id = pathId(context)
  const body = bind(context, shape)
  const { username = '' } = body
  if (!userName.test(username)) throw bad('Invalid fields: username')
  const row = world.users.get(id)
  const losesAdmin = row?.user_role_id === 1 && (body.user_role_id !== 1 || body.status === 'disabled')
  if (row === undefined || (losesAdmin && isLastSuperAdmin(world, [id]))) throw bad(onlySuperAdmin)
  row.username = username
  row.name = body.name ?? row.name
  row.status = body.status ?? row.status
  row.user_role_id = body.user_role_id === undefined || body.user_role_id === 0 ? row.user_role_id : body.user_role_id
  row.list_role_id = body.list_role_id ?? null
  row.updated_at = now
  return data(userJson(world, row))
}

/** More than one id deletes nobody. */
function deleteUsers(context: Context): JsonReply {
  return removeUsers(context.world, [...new Set(lenientIds(context, 'id'))])
}

function removeUsers(world: World, ids: readonly number[]): JsonReply {
  const [id] = ids
  if (id === undefined || ids.length > 1 || !world.users.has(id) || isLastSuperAdmin(world, ids))
    throw bad(onlySuperAdmin)
  world.users.delete(id)
  return done
}

/** The time of the change before stays. */
function updateProfile(context: Context, row: UserRow): JsonReply {
  const { world } = context
  const body = bind(context, shape)
  const email = cleanEmail(body.email ?? '')
  if (email === undefined) throw bad('Invalid fields: email')
  row.name = body.name ?? row.name
  // The e-mail of an API user is not stored; a password, though, replaces its token.
  if (row.type !== 'api') row.email = email
  if (body.password !== undefined && body.password !== '') row.password = hashed(body.password)
  return data(userJson(world, row))
}

function enableTwofa(context: Context): JsonReply {
  pathId(context)
  const isForm = context.contentType.startsWith('application/x-www-form-urlencoded')
  throw bad(isForm ? 'users.invalidTOTPCode' : 'Invalid fields: {name}')
}
