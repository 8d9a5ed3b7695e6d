/** Reading subscribers: the listing, one of them, activity, data export, CSV export. */
import { gzipSync } from 'node:zlib'
import type { Context, Routes } from './context.ts'
import { formValue, lenientIds, outOfRange, pathId, queryValue } from './context.ts'
import { csvRow } from './csv.ts'
import { goJson, jsonbText } from './json.ts'
import { listing, pageOf, slicePage, sortRows } from './page.ts'
import { bad, data, failed } from './reply.ts'
import type { JsonReply, Reply } from './reply.ts'
import { hasAlternative } from './sql.ts'
import type { Filter } from './subscriber-filter.ts'
import { allLists, anyList } from './subscriber-filter.ts'
import { activityJson, profileJson, subscriberJson } from './subscriber-json.ts'
import { goText } from './time.ts'
import type { SubscriberRow } from './rows.ts'
import type { World } from './world.ts'

export function addSubscriberRoutes(routes: Routes): void {
  routes.add('GET', '/api/subscribers', getSubscribers)
  routes.add('GET', '/api/subscribers/export', exportCsv)
  routes.add('GET', '/api/subscribers/:id', getSubscriber)
  routes.add('GET', '/api/subscribers/:id/activity', getActivity)
  routes.add('GET', '/api/subscribers/:id/export', exportProfile)
}

/** The stored subscriber; 400 where there is none, named by the id and e-mail that were asked for. */
export function findSubscriber(world: World, id: number, email = ''): SubscriberRow {
  const problem = outOfRange([id])
  if (problem !== undefined) throw failed(`Error fetching Subscriber: ${problem}`)
  const row = world.subscribers.get(id)
  if (row === undefined) throw bad(`Subscriber (${id}: ${email}) not found`)
  return row
}

function filterOf(context: Context): Filter {
  return {
    listIds: lenientIds(context, 'list_id'),
    search: formValue(context, 'search').trim(),
    query: formValue(context, 'query').trim(),
    subscriptionStatus: formValue(context, 'subscription_status'),
  }
}

function getSubscribers(context: Context): JsonReply {
  const { world } = context
  const filter = filterOf(context)
  const page = pageOf(context)
  const rows = anyList(world, filter, 'Error preparing subscriber query')
  const sorted = sortSubscribers(rows, queryValue(context, 'order_by'), queryValue(context, 'order'))
  const results = slicePage(sorted, page).map((row) => subscriberJson(world, row))
  const { search, query } = filter
  // Go leaves the slice of a page without rows unmade, but only where something was counted.
  const isBeyond = results.length === 0 && rows.length > 0
  return listing({ results: isBeyond ? null : results, total: rows.length, page, search, query })
}

function sortSubscribers(rows: readonly SubscriberRow[], by: string, order: string): SubscriberRow[] {
  switch (by) {
    case 'email':
    case 'status':
    case 'name':
    case 'created_at':
    case 'updated_at':
      return sortRows(rows, (row) => row[by], order)
    default:
      return sortRows(rows, (row) => row.id, order)
  }
}

function getSubscriber(context: Context): JsonReply {
  const { world } = context
  return data(subscriberJson(world, findSubscriber(world, pathId(context))))
}

function getActivity(context: Context): JsonReply {
  return data(activityJson(context.world, pathId(context)))
}

function exportProfile(context: Context): Reply {
  const row = context.world.subscribers.get(pathId(context))
  if (row === undefined) {
    const text = 'sql: Scan error on column index 0, name "email": converting NULL to string is unsupported'
    throw failed(`Error fetching Subscribers: code=500, message=Error fetching Subscribers: ${text}`)
  }
  return {
    status: 200,
    type: 'application/json',
    headers: { 'Cache-Control': 'no-cache', 'Content-Disposition': 'attachment; filename="data.json"' },
    body: goJson(profileJson(context.world, row), '  '),
  }
}

const columns: readonly string[] = ['uuid', 'email', 'name', 'attributes', 'status', 'created_at', 'updated_at']

function exportCsv(context: Context): Reply {
  const { world, headers } = context
  const filter = filterOf(context)
  const ids = new Set(lenientIds(context, 'id'))
  const rows = allLists(world, filter, 'Error preparing subscriber query').filter(
    (row) => ids.size === 0 || ids.has(row.id),
  )
  const lines = rows.toSorted((a, b) => a.id - b.id).map(csvLine)
  const text = lines.length === 0 ? '' : csvRow(columns) + lines.join('')
  // The query escapes the condition that moves the export on: the same rows come again and again.
  const isEndless = lines.length > 0 && hasAlternative(filter.query)
  const isGzip = !isEndless && (headers['accept-encoding'] ?? '').includes('gzip')
  const whole = isGzip ? gzipSync(text) : text
  const body = isEndless ? forever(text, lines.join('')) : whole
  return {
    status: 200,
    type: 'text/csv',
    headers: {
      'Cache-Control': 'no-cache',
      'Content-Disposition': 'attachment; filename=subscribers.csv',
      ...(isGzip ? { 'Content-Encoding': 'gzip' } : {}),
      'Content-Transfer-Encoding': 'binary',
      Vary: 'Accept-Encoding',
    },
    body,
  }
}

function* forever(first: string, again: string): Generator<string> {
  yield first
  for (;;) yield again
}

function csvLine(row: SubscriberRow): string {
  const { uuid, email, name, attribs, status, created_at, updated_at } = row
  return csvRow([uuid, email, name, jsonbText(attribs ?? {}), status, goText(created_at), goText(updated_at)])
}
