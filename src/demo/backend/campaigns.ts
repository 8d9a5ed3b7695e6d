/** Reading, archiving and deleting campaigns, and what became of them. */
import { campaignJson, countCampaigns, findCampaign } from './campaign-json.ts'
import type { Context, Routes } from './context.ts'
import { bind, formValue, pathId, queryValue, strictIds } from './context.ts'
import { listing, pageOf, slicePage, sortRows } from './page.ts'
import { bad, data, done, failed } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { matchesFullText } from './text-search.ts'
import { goTime } from './time.ts'
import type { CampaignRow } from './rows.ts'
import type { World } from './world.ts'

export function addCampaignRoutes(routes: Routes): void {
  routes.add('GET', '/api/campaigns', getCampaigns)
  routes.add('GET', '/api/campaigns/running/stats', getRunningStats)
  routes.add('GET', '/api/campaigns/:id', getCampaign)
  routes.add('GET', '/api/campaigns/analytics/:type', getAnalytics)
  routes.add('PUT', '/api/campaigns/:id/archive', archiveCampaign)
  routes.add('DELETE', '/api/campaigns', deleteCampaigns)
  routes.add('DELETE', '/api/campaigns/:id', deleteCampaign)
}

const statuses: readonly string[] = ['draft', 'running', 'scheduled', 'paused', 'cancelled', 'finished']
const wantsNoBody = (context: Context): boolean => /^(1|t|true)$/i.test(queryValue(context, 'no_body'))

function getCampaigns(context: Context): JsonReply {
  const { world } = context
  const query = formValue(context, 'query').trim()
  const tags = context.query.get('tag') ?? []
  const wanted = context.query.get('status') ?? []
  const unknown = wanted.find((status) => !statuses.includes(status))
  if (unknown !== undefined)
    throw failed(`Error fetching Campaign: pq: invalid input value for enum campaign_status: "${unknown}"`)
  const rows = [...world.campaigns.values()].filter(
    (row) =>
      (wanted.length === 0 || wanted.includes(row.status)) &&
      tags.every((tag) => row.tags?.includes(tag) ?? false) &&
      (query === '' || matches(row, query)),
  )
  if (rows.length === 0) return listing({ results: [], total: 0, page: undefined })
  const page = pageOf(context)
  const counts = countCampaigns(world)
  const sorted = sortCampaigns(rows, queryValue(context, 'order_by'), queryValue(context, 'order'))
  const results = slicePage(sorted, page).map((row) => campaignJson(row, counts, !wantsNoBody(context)))
  if (results.length === 0) return listing({ results, total: 0, page: undefined })
  return listing({ results, total: rows.length, page, query })
}

function matches({ name, subject }: CampaignRow, query: string): boolean {
  const text = `${name} ${subject}`
  return matchesFullText(query, text) || text.toLowerCase().includes(query.toLowerCase())
}

function sortCampaigns(rows: readonly CampaignRow[], by: string, order: string): CampaignRow[] {
  if (by === 'name' || by === 'status' || by === 'updated_at') return sortRows(rows, (row) => row[by], order)
  return sortRows(rows, (row) => row.created_at, order)
}

function getCampaign(context: Context): JsonReply {
  const { world } = context
  const row = findCampaign(world, pathId(context))
  return data(campaignJson(row, countCampaigns(world), !wantsNoBody(context)))
}

function getRunningStats({ world }: Context): JsonReply {
  const running = [...world.campaigns.values()].filter((row) => row.status === 'running')
  const stats = running.map(({ id, status, to_send, sent, started_at, updated_at }) => ({
    ...{ id, status, to_send, sent, started_at: started_at === null ? null : goTime(started_at) },
    ...{ updated_at: goTime(updated_at), rate: 0, net_rate: 0 },
  }))
  return data(stats)
}

const dayMs = 86_400_000

function getAnalytics(context: Context): JsonReply {
  const { world } = context
  const type = context.params['type'] ?? ''
  const ids = analyticsIds(context)
  const [from, to] = [queryValue(context, 'from'), queryValue(context, 'to')]
  const isDate = (text: string): boolean => text.length >= 10 && text.length <= 30
  if (!isDate(from) || !isDate(to)) throw bad('Invalid `from` or `to` dates.')
  const [start, end] = [Date.parse(from), Date.parse(to)]
  const inRange = <T extends { campaign_id: number | null; created_at: string }>(rows: Iterable<T>): T[] =>
    [...rows].filter(
      ({ campaign_id, created_at }) =>
        campaign_id !== null &&
        ids.includes(campaign_id) &&
        Date.parse(created_at) >= start &&
        Date.parse(created_at) <= end,
    )
  const isByDay = end - start >= 7 * dayMs
  switch (type) {
    case 'views':
      return data(counted(inRange(world.campaign_views.values()), isByDay))
    case 'clicks':
      return data(counted(inRange(world.link_clicks.values()), isByDay))
    case 'bounces':
      return data(counted(inRange(world.bounces.values()), isByDay))
    case 'links':
      return data(countedLinks(world, inRange(world.link_clicks.values())))
    default:
      throw bad('Invalid data')
  }
}

function analyticsIds(context: Context): number[] {
  const ids = strictIds(context, 'id')
  if (ids.length === 0) throw bad('Missing field(s): `id`')
  return ids
}

function counted(rows: readonly { campaign_id: number | null; created_at: string }[], isByDay: boolean): object[] {
  const counts = new Map<string, { campaign_id: number | null; count: number; timestamp: string }>()
  for (const { campaign_id, created_at } of rows) {
    const timestamp = isByDay ? `${created_at.slice(0, 10)}T00:00:00Z` : `${created_at.slice(0, 13)}:00:00Z`
    const key = JSON.stringify([campaign_id, timestamp])
    counts.set(key, { campaign_id, count: (counts.get(key)?.count ?? 0) + 1, timestamp })
  }
  return [...counts.values()]
}

function countedLinks(world: World, rows: readonly { link_id: number }[]): object[] {
  const counts = new Map<number, number>()
  for (const { link_id } of rows) counts.set(link_id, (counts.get(link_id) ?? 0) + 1)
  const links = [...counts].map(([id, count]) => ({ url: world.links.get(id)?.url ?? '', count }))
  return links.toSorted((a, b) => b.count - a.count).slice(0, 50)
}

const archiveShape = {
  archive: 'bool',
  archive_template_id: 'intOrNull',
  archive_meta: 'map',
  archive_slug: 'string',
} as const

function archiveCampaign(context: Context): JsonReply {
  const { world, now } = context
  const row = findCampaign(world, pathId(context))
  const { archive = false, archive_template_id = null, archive_meta = null, archive_slug } = bind(context, archiveShape)
  const slug = (archive_slug ?? '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
  const clash = [...world.campaigns.values()].some(
    (other) => other !== row && slug !== '' && other.archive_slug === slug,
  )
  if (clash)
    throw failed(
      'Error updating Campaign: pq: duplicate key value violates unique constraint "campaigns_archive_slug_key"',
    )
  Object.assign(row, {
    archive,
    archive_template_id,
    archive_meta,
    archive_slug: slug === '' ? null : slug,
    updated_at: now,
  })
  return data({ archive, archive_template_id, archive_meta: archive_meta ?? {}, archive_slug: slug })
}

function deleteCampaign(context: Context): JsonReply {
  const { world } = context
  removeCampaigns(world, new Set([findCampaign(world, pathId(context)).id]))
  return done
}

/** As for lists: `id` wins over `query`, `query` over `all`. */
function deleteCampaigns(context: Context): JsonReply {
  const { world } = context
  const ids = strictIds(context, 'id')
  const query = formValue(context, 'query').trim()
  const isBare = ids.length === 0 && query === '' && formValue(context, 'all') !== 'true'
  if (isBare) throw bad('One or more IDs are invalid: id or query required')
  const byQuery = (row: CampaignRow): boolean => query === '' || matchesFullText(query, `${row.name} ${row.subject}`)
  const chosen = ids.length > 0 ? ids : [...world.campaigns.values()].filter(byQuery).map((row) => row.id)
  removeCampaigns(world, new Set(chosen))
  return done
}

function removeCampaigns(world: World, ids: ReadonlySet<number>): void {
  for (const id of ids) world.campaigns.delete(id)
  const isOf = (row: { campaign_id: number | null }): boolean => row.campaign_id !== null && ids.has(row.campaign_id)
  for (const row of world.bounces.values()) if (isOf(row)) row.campaign_id = null
  for (const table of [world.campaign_views, world.link_clicks]) {
    for (const row of table.values()) if (isOf(row)) table.delete(row.id)
  }
}
