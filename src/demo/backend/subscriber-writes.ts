/** Creating, changing and deleting single subscribers. */
import type { Bound } from './bind.ts'
import type { Context, Routes } from './context.ts'
import { bind, outOfRange, pathId, strictIds } from './context.ts'
import { bad, data, done, failed, Refusal } from './reply.ts'
import type { JsonReply } from './reply.ts'
import {
  blocklist,
  cleanEmail,
  insertSubscriber,
  mailOptin,
  removeSubscribers,
  subscribe,
  subscriberByEmail,
} from './subscriber-changes.ts'
import { subscriberJson } from './subscriber-json.ts'
import { findSubscriber } from './subscribers.ts'
import type { SubscriberRow } from './rows.ts'
import type { World } from './world.ts'

export function addSubscriberWriteRoutes(routes: Routes): void {
  routes.add('POST', '/api/subscribers', createSubscriber)
  routes.add('PUT', '/api/subscribers/:id', updateSubscriber)
  routes.add('PATCH', '/api/subscribers/:id', patchSubscriber)
  routes.add('POST', '/api/subscribers/:id/optin', sendOptin)
  routes.add('PUT', '/api/subscribers/:id/blocklist', blocklistOne)
  routes.add('DELETE', '/api/subscribers/:id', deleteOne)
  routes.add('DELETE', '/api/subscribers', deleteMany)
}

const shape = {
  id: 'int',
  email: 'string',
  name: 'string',
  status: 'string',
  attribs: 'map',
  lists: 'ints',
  list_uuids: 'strings',
  preconfirm_subscriptions: 'bool',
} as const
const formFields = ['email', 'name'] as const

function checkEmail(text: string | undefined): string {
  const email = cleanEmail(text ?? '')
  if (email === undefined) throw bad('Invalid email.')
  return email
}

function createSubscriber(context: Context): JsonReply {
  const { world, now } = context
  const body = bind(context, shape, formFields)
  const email = checkEmail(body.email)
  const known = knownLists(world, body.lists, 'Error creating Subscriber')
  if (subscriberByEmail(world, email) !== undefined) throw new Refusal(409, 'E-mail already exists.')
  const status = body.status ?? 'enabled'
  const isConfirmed = body.preconfirm_subscriptions ?? false
  const row = insertSubscriber(
    world,
    { email, name: body.name || titled(email), status, attribs: body.attribs ?? null },
    now,
  )
  for (const id of known) subscribe(row, id, subscriptionStatus(status, isConfirmed), now)
  if (!isConfirmed && known.length > 0) mailOptin(world, row, known)
  return data(subscriberJson(world, row))
}

/** A subscriber without a name gets one from the e-mail's local part. */
function titled(email: string): string {
  const [local = ''] = email.split('@')
  return local.slice(0, 1).toUpperCase() + local.slice(1)
}

/** Ids that name no list are ignored. */
function knownLists(world: World, ids: readonly number[] | null | undefined, prefix: string): number[] {
  const problem = outOfRange(ids ?? [])
  if (problem !== undefined) throw failed(`${prefix}: ${problem}`)
  return (ids ?? []).filter((id) => world.lists.has(id))
}

function subscriptionStatus(status: string, isConfirmed: boolean): string {
  if (status === 'blocklisted') return 'unsubscribed'
  return isConfirmed ? 'confirmed' : 'unconfirmed'
}

function updateSubscriber(context: Context): JsonReply {
  const { world } = context
  const id = pathId(context)
  const body = bind(context, shape, formFields)
  const email = checkEmail(body.email)
  const { name = '', status = '', attribs = null } = body
  return update(
    context,
    id,
    { ...body, email, name, status, attribs, lists: body.lists ?? [] },
    world.subscribers.get(id),
  )
}

/** Absent fields stay; attributes merge by their top-level keys. */
function patchSubscriber(context: Context): JsonReply {
  const { world } = context
  const id = pathId(context)
  const stored = findSubscriber(world, id)
  const body = bind(context, shape, formFields)
  const email = checkEmail(body.email ?? stored.email)
  const { name = stored.name, status = stored.status } = body
  const merged = body.attribs === null ? {} : { ...stored.attribs, ...body.attribs }
  return update(context, id, { ...body, email, name, status, attribs: merged }, stored)
}

/** The update goes to the path's id, the answer and the mail to the body's where it has one. */
function update(context: Context, id: number, body: Bound<typeof shape>, stored: SubscriberRow | undefined): JsonReply {
  const { world, now } = context
  const { email = '', status = '', preconfirm_subscriptions: isConfirmed = false } = body
  const problem = outOfRange([id, ...(body.lists ?? [])])
  if (problem !== undefined) throw failed(`Error updating Subscriber: ${problem}`)
  const lists = knownLists(world, body.lists, 'Error updating Subscriber')
  if (stored === undefined && lists.length > 0) {
    const row = `(null, ${lists[0]}, {}, ${subscriptionStatus(status, isConfirmed)}, ${now}, ${now})`
    const text = `pq: null value in column "subscriber_id" of relation "subscriber_lists" violates not-null constraint`
    throw failed(`Error updating Subscriber: ${text}. Failing row contains ${row}.`)
  }
  const owner = subscriberByEmail(world, email)
  if (stored !== undefined && owner !== undefined && owner !== stored) {
    const text = `pq: duplicate key value violates unique constraint "idx_subs_email". Key (lower(email))=(${email}) already exists.`
    throw failed(`Error updating Subscriber: ${text}`)
  }
  if (stored !== undefined) {
    stored.email = email
    stored.name = body.name === undefined || body.name === '' ? stored.name : body.name
    stored.status = status === '' ? stored.status : status
    stored.attribs = body.attribs ?? null
    stored.updated_at = now
    if (body.lists !== undefined && body.lists !== null)
      replaceLists(stored, lists, subscriptionStatus(status, isConfirmed), now)
  }
  const answered = findSubscriber(world, body.id !== undefined && body.id > 0 ? body.id : id, email)
  if (!isConfirmed) mailOptin(world, answered, body.lists ?? [])
  return data(subscriberJson(world, answered))
}

function replaceLists(row: SubscriberRow, lists: readonly number[], status: string, now: string): void {
  for (const listId of row.lists.keys()) if (!lists.includes(listId)) row.lists.delete(listId)
  for (const listId of lists) {
    const stored = row.lists.get(listId)
    if (stored === undefined) subscribe(row, listId, status, now)
    // The time of the subscription stays.
    else if (status !== 'unconfirmed') stored.status = status
  }
}

function sendOptin(context: Context): JsonReply {
  const { world } = context
  mailOptin(world, findSubscriber(world, pathId(context)), [])
  return done
}

function blocklistOne(context: Context): JsonReply {
  const { world, now } = context
  const id = pathId(context)
  const problem = outOfRange([id])
  if (problem !== undefined) throw failed(`Error blocklisting subscribers: ${problem}`)
  const row = world.subscribers.get(id)
  if (row !== undefined) blocklist(row, now)
  return done
}

function deleteOne(context: Context): JsonReply {
  return remove(context, [pathId(context)])
}

function deleteMany(context: Context): JsonReply {
  const ids = strictIds(context, 'id')
  if (ids.length === 0) throw bad('One or more IDs are invalid: ids')
  return remove(context, ids)
}

function remove({ world }: Context, ids: readonly number[]): JsonReply {
  const problem = outOfRange(ids)
  if (problem !== undefined) throw failed(`Error deleting Subscribers: ${problem}`)
  removeSubscribers(world, new Set(ids))
  return done
}
