/** `/api/lists`. */
import { randomUUID } from 'node:crypto'
import type { Bound } from './bind.ts'
import type { Context, Routes } from './context.ts'
import { bind, formValue, outOfRange, pathId, queryValue, strictIds } from './context.ts'
import { listing, pageOf, slicePage, sortRows } from './page.ts'
import { bad, data, done, failed } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { matchesFullText } from './text-search.ts'
import { goTime } from './time.ts'
import type { ListRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

export function addListRoutes(routes: Routes): void {
  routes.add('GET', '/api/lists', getLists)
  routes.add('GET', '/api/lists/:id', getList)
  routes.add('POST', '/api/lists', createList)
  routes.add('PUT', '/api/lists/:id', updateList)
  routes.add('DELETE', '/api/lists', deleteLists)
  routes.add('DELETE', '/api/lists/:id', deleteList)
}

/** Subscriptions of each list by status. */
type Statuses = Map<number, Map<string, number>>

function getLists(context: Context): JsonReply {
  const { world } = context
  const [type, optin, status] = [formValue(context, 'type'), formValue(context, 'optin'), formValue(context, 'status')]
  checkEnums({ type, optin, status }, 'Error fetching Lists')
  const query = formValue(context, 'query').trim()
  const tags = context.query.get('tag') ?? []
  const wants = (wanted: string, value: string): boolean => wanted === '' || value === wanted
  const rows = [...world.lists.values()].filter(
    (row) =>
      (query === '' || row.name.toLowerCase().includes(query.toLowerCase()) || matchesFullText(query, row.name)) &&
      tags.every((tag) => row.tags?.includes(tag) ?? false) &&
      wants(type, row.type) &&
      wants(optin, row.optin) &&
      wants(status, row.status),
  )
  if (/^(1|t|true)$/i.test(queryValue(context, 'minimal'))) {
    if (rows.length === 0) return data([])
    const results = rows.map((row) => listJson(row, undefined, 1))
    return listing({ results, total: rows.length, page: { number: 1, size: rows.length } })
  }
  const page = pageOf(context)
  const statuses = countStatuses(world)
  const sorted = sortLists(rows, statuses, queryValue(context, 'order_by'), queryValue(context, 'order'))
  const results = slicePage(sorted, page).map((row) => listJson(row, statuses, 1))
  // The total comes with the rows: beyond the last page there is none.
  return listing({ results, total: results.length === 0 ? 0 : rows.length, page, query })
}

function sortLists(rows: readonly ListRow[], statuses: Statuses, by: string, order: string): ListRow[] {
  switch (by) {
    case 'name':
    case 'type':
    case 'optin':
    case 'status':
    case 'created_at':
    case 'updated_at':
      return sortRows(rows, (row) => row[by], order)
    case 'subscriber_count':
      return sortRows(rows, (row) => sum(statuses.get(row.id)), order)
    default:
      return sortRows(rows, (row) => row.created_at, order)
  }
}

function countStatuses(world: World): Statuses {
  const statuses: Statuses = new Map()
  for (const { lists } of world.subscribers.values()) {
    for (const [id, { status }] of lists) {
      const counts = statuses.get(id) ?? new Map<string, number>()
      counts.set(status, (counts.get(status) ?? 0) + 1)
      statuses.set(id, counts)
    }
  }
  return statuses
}

const sum = (counts: ReadonlyMap<string, number> | undefined): number =>
  [...(counts?.values() ?? [])].reduce((total, count) => total + count, 0)

function listJson(row: ListRow, statuses: Statuses | undefined, times: 1 | 2): object {
  const { id, created_at, updated_at, uuid, name, type, optin, status, tags, description } = row
  const counts = statuses?.get(id)
  const byName = [...(counts ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...{ id, created_at: goTime(created_at), updated_at: goTime(updated_at), uuid, name, type, optin, status },
    ...{ tags: tags ?? [], description, subscriber_count: sum(counts) * times },
    subscriber_statuses: statuses === undefined ? null : Object.fromEntries(byName),
    ...{ subscription_created_at: null, subscription_updated_at: null },
  }
}

function fits(ids: readonly number[], prefix: string): void {
  const problem = outOfRange(ids)
  if (problem !== undefined) throw failed(`${prefix}: ${problem}`)
}

/** The answer of the single GET, of POST and of PUT: it counts every subscription twice. */
function single(world: World, id: number): JsonReply {
  fits([id], 'Error fetching Lists')
  const row = world.lists.get(id)
  if (row === undefined) throw bad('List not found')
  return data(listJson(row, countStatuses(world), 2))
}

function getList(context: Context): JsonReply {
  return single(context.world, pathId(context))
}

const shape = {
  name: 'string',
  type: 'string',
  optin: 'string',
  status: 'string',
  tags: 'strings',
  description: 'string',
} as const
const enums = {
  type: ['private', 'public', 'temporary'],
  optin: ['single', 'double'],
  status: ['active', 'archived'],
} as const

function checkEnums(body: Bound<typeof shape>, prefix: string): void {
  for (const field of ['type', 'optin', 'status'] as const) {
    const value = body[field] ?? ''
    if (value === '' || (enums[field] as readonly string[]).includes(value)) continue
    throw failed(`${prefix}: pq: invalid input value for enum list_${field}: "${value}"`)
  }
}

function createList(context: Context): JsonReply {
  const { world, now } = context
  const body = bind(context, shape)
  const name = checkName(body.name)
  checkEnums(body, 'Error creating List')
  const id = nextId(world, 'lists')
  world.lists.set(id, {
    ...{ id, uuid: randomUUID(), name, type: body.type ?? 'private', optin: body.optin ?? 'single' },
    ...{ status: body.status ?? 'active', tags: body.tags ?? null, description: body.description ?? '' },
    ...{ created_at: now, updated_at: now },
  })
  return single(world, id)
}

function checkName(name = ''): string {
  if (name.length < 1 || Buffer.byteLength(name) > 2000) throw bad('Invalid name')
  return name
}

/** Absent fields stay as they are, but tags: absent tags are no tags. */
function updateList(context: Context): JsonReply {
  const { world, now } = context
  const id = pathId(context)
  const body = bind(context, shape)
  const name = checkName(body.name)
  checkEnums(body, 'Error updating List')
  fits([id], 'Error updating List')
  const row = world.lists.get(id)
  if (row === undefined) throw bad('List not found')
  const or = (value: string | undefined, old: string): string => (value === undefined || value === '' ? old : value)
  row.name = name
  row.type = or(body.type, row.type)
  row.optin = or(body.optin, row.optin)
  row.status = or(body.status, row.status)
  row.description = or(body.description, row.description)
  row.tags = body.tags ?? null
  row.updated_at = now
  // Campaigns keep a copy of the name.
  for (const campaign of world.campaigns.values()) {
    for (const list of campaign.lists) if (list.id === id) list.name = name
  }
  return single(world, id)
}

function deleteList(context: Context): JsonReply {
  removeLists(context.world, new Set([pathId(context)]))
  return done
}

/** `id` wins over `query`, `query` over `all`. */
function deleteLists(context: Context): JsonReply {
  const { world } = context
  const ids = strictIds(context, 'id')
  if (ids.length > 0) {
    removeLists(world, new Set(ids))
    return done
  }
  const query = formValue(context, 'query').trim()
  if (query === '' && formValue(context, 'all') !== 'true')
    throw bad('One or more IDs are invalid: id or query required')
  const rows = [...world.lists.values()].filter((row) => query === '' || matchesFullText(query, row.name))
  removeLists(world, new Set(rows.map((row) => row.id)))
  return done
}

function removeLists(world: World, ids: ReadonlySet<number>): void {
  fits([...ids], 'Error deleting List')
  for (const id of ids) world.lists.delete(id)
  for (const { lists } of world.subscribers.values()) for (const id of ids) lists.delete(id)
  for (const campaign of world.campaigns.values()) {
    for (const list of campaign.lists) if (list.id !== null && ids.has(list.id)) list.id = null
  }
  for (const role of world.roles.values()) {
    if (role.list_id !== null && ids.has(role.list_id)) world.roles.delete(role.id)
  }
}
