/** Changes of subscribers and of what hangs on them, as the database makes them. */
import { randomUUID } from 'node:crypto'
import type { JsonObject } from './json.ts'
import type { SubscriberRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

export interface NewSubscriber {
  readonly email: string
  readonly name: string
  readonly status?: string
  readonly attribs?: JsonObject | null
}

/** Inserts a subscriber without subscriptions. */
export function insertSubscriber(world: World, row: NewSubscriber, now: string): SubscriberRow {
  const inserted: SubscriberRow = {
    ...{ id: nextId(world, 'subscribers'), uuid: randomUUID(), email: row.email, name: row.name },
    ...{ attribs: row.attribs ?? null, status: row.status ?? 'enabled', created_at: now, updated_at: now },
    lists: new Map(),
  }
  world.subscribers.set(inserted.id, inserted)
  return inserted
}

export function subscriberByEmail(world: World, email: string): SubscriberRow | undefined {
  const wanted = email.toLowerCase()
  for (const row of world.subscribers.values()) if (row.email.toLowerCase() === wanted) return row
  return undefined
}

export function subscriberByUuid(world: World, uuid: string): SubscriberRow | undefined {
  for (const row of world.subscribers.values()) if (row.uuid === uuid) return row
  return undefined
}

/** Puts a subscriber on a list; one that is on it already keeps its subscription. */
export function subscribe(row: SubscriberRow, listId: number, status: string, now: string): void {
  if (row.lists.has(listId)) return
  row.lists.set(listId, { status, meta: {}, created_at: now, updated_at: now })
  row.lists = new Map([...row.lists].toSorted(([a], [b]) => a - b))
}

export function setSubscription(row: SubscriberRow, listId: number, status: string, now: string): void {
  const subscription = row.lists.get(listId)
  if (subscription === undefined) return
  subscription.status = status
  subscription.updated_at = now
}

/** Blocklists a subscriber and ends all its subscriptions. */
export function blocklist(row: SubscriberRow, now: string): void {
  row.status = 'blocklisted'
  row.updated_at = now
  for (const listId of row.lists.keys()) setSubscription(row, listId, 'unsubscribed', now)
}

/** Deletes subscribers with their subscriptions and bounces; views and clicks stay without a name. */
export function removeSubscribers(world: World, ids: ReadonlySet<number>): void {
  for (const id of ids) world.subscribers.delete(id)
  for (const bounce of world.bounces.values()) if (ids.has(bounce.subscriber_id)) world.bounces.delete(bounce.id)
  for (const table of [world.campaign_views, world.link_clicks]) {
    for (const row of table.values())
      if (row.subscriber_id !== null && ids.has(row.subscriber_id)) row.subscriber_id = null
  }
}

/** Mails for the double opt-in lists that wait for a confirmation: among `listIds`, or among all where none are given. */
export function mailOptin(world: World, row: SubscriberRow, listIds: readonly number[]): number {
  const waiting = [...row.lists].filter(
    ([id, { status }]) =>
      status === 'unconfirmed' &&
      world.lists.get(id)?.optin === 'double' &&
      (listIds.length === 0 || listIds.includes(id)),
  )
  if (waiting.length > 0) world.mails.push([row.email, 'Confirm subscription'])
  return waiting.length
}

/** Trimmed and in lower case, `undefined` where it is no address. */
export function cleanEmail(text: string): string | undefined {
  const email = text.trim().toLowerCase()
  return /^[^\s@<>(),;:"[\]]+@[^\s@<>(),;:"[\]]+$/.test(email) ? email : undefined
}
