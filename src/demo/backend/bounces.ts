/** Bounces: reading and deleting them, blocklisting who bounced, and the webhook that brings them in. */
import { bindNode, GoTypeError } from './bind.ts'
import type { Context, Routes } from './context.ts'
import { formValue, pathId, queryValue, strictIds } from './context.ts'
import { GoSyntaxError, goParse } from './go-parse.ts'
import type { JsonObject } from './json.ts'
import { goMap } from './json.ts'
import { listing, pageOf, slicePage, sortRows } from './page.ts'
import { bad, data, done } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { blocklist, subscriberByEmail, subscriberByUuid } from './subscriber-changes.ts'
import { goTime } from './time.ts'
import type { BounceRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

export function addBounceRoutes(routes: Routes): void {
  routes.add('GET', '/api/bounces', getBounces)
  routes.add('PUT', '/api/bounces/blocklist', blocklistBounced)
  routes.add('GET', '/api/bounces/:id', getBounce)
  routes.add('DELETE', '/api/bounces', deleteBounces)
  routes.add('DELETE', '/api/bounces/:id', deleteBounce)
  routes.add('GET', '/api/subscribers/:id/bounces', getSubscriberBounces)
  routes.add('DELETE', '/api/subscribers/:id/bounces', deleteSubscriberBounces)
  routes.add('POST', '/webhooks/bounce', receiveBounce)
  routes.add('POST', '/webhooks/service/:service', () => {
    throw bad('Unknown service.')
  })
}

function bounceJson(world: World, row: BounceRow): object {
  const subscriber = world.subscribers.get(row.subscriber_id)
  const campaign = world.campaigns.get(row.campaign_id ?? 0)
  return {
    ...{ id: row.id, type: row.type, source: row.source, meta: goMap(row.meta), created_at: goTime(row.created_at) },
    ...{ email: subscriber?.email ?? '', subscriber_uuid: subscriber?.uuid ?? '', subscriber_id: row.subscriber_id },
    subscriber_status: subscriber?.status ?? '',
    campaign: campaign === undefined ? null : { id: campaign.id, name: campaign.name },
  }
}

function getBounces(context: Context): JsonReply {
  const { world } = context
  const campaignId = Number.parseInt(queryValue(context, 'campaign_id'), 10) || 0
  const source = formValue(context, 'source')
  const rows = [...world.bounces.values()].filter(
    (row) => (campaignId === 0 || row.campaign_id === campaignId) && (source === '' || row.source === source),
  )
  if (rows.length === 0) return listing({ results: [], total: 0, page: undefined })
  const page = pageOf(context)
  const sorted = sortBounces(world, rows, formValue(context, 'order_by'), formValue(context, 'order'))
  const results = slicePage(sorted, page).map((row) => bounceJson(world, row))
  return listing({ results, total: rows.length, page })
}

function sortBounces(world: World, rows: readonly BounceRow[], by: string, order: string): BounceRow[] {
  switch (by) {
    case 'email':
      return sortRows(rows, (row) => world.subscribers.get(row.subscriber_id)?.email ?? '', order)
    case 'campaign_name':
      return sortRows(rows, (row) => world.campaigns.get(row.campaign_id ?? 0)?.name ?? '', order)
    case 'source':
      return sortRows(rows, (row) => row.source, order)
    default:
      return sortRows(rows, (row) => row.created_at, order)
  }
}

function getBounce(context: Context): JsonReply {
  const { world } = context
  const row = world.bounces.get(pathId(context))
  if (row === undefined) throw bad('Bounce not found')
  return data(bounceJson(world, row))
}

function getSubscriberBounces(context: Context): JsonReply {
  const { world } = context
  const id = pathId(context)
  const rows = [...world.bounces.values()].filter((row) => row.subscriber_id === id)
  return data(sortRows(rows, (row) => row.created_at, 'desc').map((row) => bounceJson(world, row)))
}

function deleteBounces(context: Context): JsonReply {
  const { bounces } = context.world
  if (/^(1|t|true)$/i.test(queryValue(context, 'all'))) {
    bounces.clear()
    return done
  }
  let ids: number[]
  try {
    ids = strictIds(context, 'id')
  } catch {
    throw bad('Invalid ID(s)')
  }
  if (ids.length === 0) throw bad('Invalid ID(s)')
  for (const id of ids) bounces.delete(id)
  return done
}

function deleteBounce(context: Context): JsonReply {
  context.world.bounces.delete(pathId(context))
  return done
}

function deleteSubscriberBounces(context: Context): JsonReply {
  const id = pathId(context)
  const { bounces } = context.world
  for (const row of bounces.values()) if (row.subscriber_id === id) bounces.delete(row.id)
  return done
}

function blocklistBounced({ world, now }: Context): JsonReply {
  const ids = new Set([...world.bounces.values()].map((row) => row.subscriber_id))
  for (const id of ids) {
    const row = world.subscribers.get(id)
    if (row !== undefined) blocklist(row, now)
  }
  return done
}

const shape = {
  email: 'string',
  subscriber_uuid: 'string',
  campaign_uuid: 'string',
  source: 'string',
  type: 'string',
  meta: 'map',
} as const

/** The body is read as JSON whatever its type says. A subscriber that nobody knows is no error. */
function receiveBounce({ world, body, now }: Context): JsonReply {
  let bounce
  try {
    bounce = bindNode(goParse(body, true), shape)
  } catch (error) {
    if (error instanceof GoSyntaxError || error instanceof GoTypeError) throw bad(`Invalid data:${error.message}`)
    throw error
  }
  const { email = '', subscriber_uuid: uuid = '', campaign_uuid, source = '', type = '', meta } = bounce
  if (!['hard', 'soft', 'complaint'].includes(type)) throw bad('Invalid data')
  const subscriber = uuid === '' ? subscriberByEmail(world, email) : subscriberByUuid(world, uuid)
  if (subscriber === undefined) return done
  const campaign = [...world.campaigns.values()].find((row) => row.uuid === campaign_uuid)
  const id = nextId(world, 'bounces')
  const subscriber_id = subscriber.id
  world.bounces.set(id, {
    id,
    type,
    source,
    meta: meta ?? {},
    created_at: now,
    subscriber_id,
    campaign_id: campaign?.id ?? null,
  })
  const rule = (world.settings.get('bounce.actions') as JsonObject)[type] as
    | { action: string; count: number }
    | undefined
  const count = [...world.bounces.values()].filter(
    (row) => row.subscriber_id === subscriber_id && row.type === type,
  ).length
  if (rule?.action === 'blocklist' && count >= rule.count) {
    subscriber.status = 'blocklisted'
    subscriber.updated_at = now
  }
  return done
}
