/** `/api/maintenance`: clearing out, and the export of views and clicks. */
import type { Context, Routes } from './context.ts'
import { queryValue } from './context.ts'
import { csvRow } from './csv.ts'
import { bad, data, done } from './reply.ts'
import type { JsonReply, Reply } from './reply.ts'
import { removeSubscribers } from './subscriber-changes.ts'
import { rfc3339 } from './time.ts'
import type { ClickRow, ViewRow } from './rows.ts'
import type { World } from './world.ts'

export function addMaintenanceRoutes(routes: Routes): void {
  routes.add('DELETE', '/api/maintenance/subscribers/:type', clearSubscribers)
  routes.add('DELETE', '/api/maintenance/subscriptions/unconfirmed', clearUnconfirmed)
  routes.add('DELETE', '/api/maintenance/analytics/:type', clearAnalytics)
  routes.add('GET', '/api/maintenance/analytics/:type/export', exportAnalytics)
}

function clearSubscribers({ world, params }: Context): JsonReply {
  const { type } = params
  if (type !== 'blocklisted' && type !== 'orphan') throw bad('Invalid data')
  const rows = [...world.subscribers.values()].filter((row) =>
    type === 'orphan' ? row.lists.size === 0 : row.status === 'blocklisted',
  )
  removeSubscribers(world, new Set(rows.map((row) => row.id)))
  return data({ count: rows.length })
}

function beforeMs(context: Context, name: string): number {
  const epochMs = rfc3339(queryValue(context, name))
  if (epochMs === undefined) throw bad('Invalid data')
  return epochMs
}

function clearUnconfirmed(context: Context): JsonReply {
  const before = beforeMs(context, 'before_date')
  let count = 0
  for (const { lists } of context.world.subscribers.values()) {
    for (const [id, { status, created_at }] of lists) {
      const isOld = status === 'unconfirmed' && Date.parse(created_at) < before
      if (isOld && context.world.lists.get(id)?.optin === 'double') {
        lists.delete(id)
        count++
      }
    }
  }
  return data({ count })
}

function clearAnalytics(context: Context): JsonReply {
  const { world, params } = context
  const { type } = params
  if (type !== 'all' && type !== 'views' && type !== 'clicks') throw bad('Invalid data')
  const before = beforeMs(context, 'before_date')
  const clear = (table: Map<number, { id: number; created_at: string }>): void => {
    for (const { id, created_at } of table.values()) if (Date.parse(created_at) < before) table.delete(id)
  }
  if (type !== 'clicks') clear(world.campaign_views)
  if (type !== 'views') clear(world.link_clicks)
  return done
}

const columns: readonly string[] = [
  'campaign_id',
  'campaign_uuid',
  'campaign_name',
  'subscriber_id',
  'subscriber_uuid',
  'email',
  'subscriber_name',
]

function exportAnalytics(context: Context): Reply {
  const { world, params } = context
  const { type } = params
  if (type !== 'views' && type !== 'clicks') throw bad('Invalid data')
  const since = beforeMs(context, 'since')
  const table: Iterable<ViewRow | ClickRow> =
    type === 'views' ? world.campaign_views.values() : world.link_clicks.values()
  const rows = [...table].filter((row) => Date.parse(row.created_at) >= since)
  const header = [...columns, ...(type === 'clicks' ? ['url'] : []), 'created_at']
  return {
    status: 200,
    type: 'text/csv',
    headers: { 'Cache-Control': 'no-cache', 'Content-Disposition': `attachment; filename=campaign_${type}.csv` },
    body: rows.length === 0 ? '' : csvRow(header) + rows.map((row) => line(world, row)).join(''),
  }
}

function line(world: World, row: ViewRow | ClickRow): string {
  const campaign = world.campaigns.get(row.campaign_id ?? 0)
  const subscriber = world.subscribers.get(row.subscriber_id ?? 0)
  const url = 'link_id' in row ? [world.links.get(row.link_id)?.url ?? ''] : []
  return csvRow([
    ...[String(row.campaign_id ?? 0), campaign?.uuid ?? '', campaign?.name ?? ''],
    ...[String(subscriber?.id ?? 0), subscriber?.uuid ?? '', subscriber?.email ?? '', subscriber?.name ?? ''],
    ...[...url, `${row.created_at.slice(0, 19)}Z`],
  ])
}
