/** Changing many subscribers: by their ids, or by a query. */
import type { Bound } from './bind.ts'
import { GoTypeError } from './bind.ts'
import type { Context, Routes } from './context.ts'
import { bind, outOfRange, pathId } from './context.ts'
import { bad, done, failed, Refusal } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { blocklist, removeSubscribers, setSubscription, subscribe } from './subscriber-changes.ts'
import { allLists } from './subscriber-filter.ts'
import type { SubscriberRow } from './rows.ts'
import type { World } from './world.ts'

export function addSubscriberBulkRoutes(routes: Routes): void {
  routes.add('PUT', '/api/subscribers/blocklist', blocklistIds)
  routes.add('PUT', '/api/subscribers/lists', changeLists)
  routes.add('PUT', '/api/subscribers/lists/:id', changeListsOfOne)
  routes.add('POST', '/api/subscribers/query/delete', deleteByQuery)
  routes.add('PUT', '/api/subscribers/query/blocklist', blocklistByQuery)
  routes.add('PUT', '/api/subscribers/query/lists', changeListsByQuery)
}

const shape = {
  ids: 'ints',
  action: 'string',
  target_list_ids: 'ints',
  status: 'string',
  search: 'string',
  query: 'string',
  list_ids: 'ints',
  subscription_status: 'string',
  all: 'bool',
} as const
type Body = Bound<typeof shape>

/** These handlers put the whole error of the body into one message, Go's own words included. */
function bindIds(context: Context): Body {
  try {
    return bind(context, shape)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { cause } = error
    const inner =
      cause instanceof GoTypeError
        ? `, internal=json: cannot unmarshal ${cause.got} into Go struct field subQueryReq.${cause.field} of type ${cause.expected}`
        : ''
    throw bad(`One or more IDs are invalid: code=${error.status}, message=${error.message}${inner}`)
  }
}

function rowsOf(world: World, ids: readonly number[], prefix: string): SubscriberRow[] {
  const problem = outOfRange(ids)
  if (problem !== undefined) throw failed(`${prefix}: ${problem}`)
  return [...new Set(ids)].flatMap((id) => world.subscribers.get(id) ?? [])
}

function blocklistIds(context: Context): JsonReply {
  const { world, now } = context
  const ids = bindIds(context).ids ?? []
  if (ids.length === 0) throw bad('One or more IDs are invalid: ids')
  for (const row of rowsOf(world, ids, 'Error blocklisting subscribers')) blocklist(row, now)
  return done
}

function changeLists(context: Context): JsonReply {
  const body = bindIds(context)
  return change(context, body, body.ids ?? [])
}

/** The body's ids must be there, but the path's id is what is changed. */
function changeListsOfOne(context: Context): JsonReply {
  const id = pathId(context, 'Invalid ID(s)')
  return change(context, bindIds(context), [id])
}

function change(context: Context, body: Body, ids: readonly number[]): JsonReply {
  if ((body.ids ?? []).length === 0) throw bad('No IDs given.')
  const prefix = 'Error updating Subscribers'
  if ((body.target_list_ids ?? []).length === 0) throw bad('No lists given.')
  const rows = rowsOf(context.world, ids, prefix)
  const unknown = ids.some((id) => !context.world.subscribers.has(id))
  apply(context, body, rows, prefix, unknown)
  return done
}

/** A foreign key that does not hold undoes all of it. */
function apply(
  { world, now }: Context,
  body: Body,
  rows: readonly SubscriberRow[],
  prefix: string,
  hasUnknown: boolean,
): void {
  const targets = body.target_list_ids ?? []
  const problem = outOfRange(targets)
  if (problem !== undefined) throw failed(`${prefix}: ${problem}`)
  switch (body.action ?? '') {
    case 'add': {
      const isListMissing = targets.some((id) => !world.lists.has(id))
      if (hasUnknown || (isListMissing && rows.length > 0)) {
        const missing = isListMissing ? 'list_id' : 'subscriber_id'
        const text = `violates foreign key constraint "subscriber_lists_${missing}_fkey"`
        throw failed(`${prefix}: pq: insert or update on table "subscriber_lists" ${text}`)
      }
      const status = body.status === undefined || body.status === '' ? 'unconfirmed' : body.status
      for (const row of rows) for (const id of targets) subscribe(row, id, status, now)
      return
    }
    case 'remove':
      for (const row of rows) for (const id of targets) row.lists.delete(id)
      return
    case 'unsubscribe':
      for (const row of rows) for (const id of targets) setSubscription(row, id, 'unsubscribed', now)
      return
    default:
      throw bad('Invalid action.')
  }
}

/** The subscribers that a by-query body means. The lists intersect; `all` clears search and query. */
function rowsByQuery(world: World, body: Body, prefix: string, mayBeBare: boolean): SubscriberRow[] {
  const { all = false } = body
  const search = all ? '' : (body.search ?? '').trim()
  const query = all ? '' : (body.query ?? '').trim()
  if (!all && !mayBeBare && search === '' && query === '') throw bad('Invalid fields: query')
  const { list_ids, subscription_status: subscriptionStatus = '' } = body
  return allLists(world, { listIds: list_ids ?? [], search, query, subscriptionStatus }, prefix)
}

function deleteByQuery(context: Context): JsonReply {
  const { world } = context
  const rows = rowsByQuery(world, bind(context, shape), 'Error deleting Subscribers', false)
  removeSubscribers(world, new Set(rows.map((row) => row.id)))
  return done
}

function blocklistByQuery(context: Context): JsonReply {
  const { world, now } = context
  for (const row of rowsByQuery(world, bind(context, shape), 'Error blocklisting subscribers', false))
    blocklist(row, now)
  return done
}

function changeListsByQuery(context: Context): JsonReply {
  const { world } = context
  const body = bind(context, shape)
  if ((body.target_list_ids ?? []).length === 0) throw bad('No lists given.')
  const prefix = 'Error updating Subscribers'
  apply(context, body, rowsByQuery(world, body, prefix, true), prefix, false)
  return done
}
