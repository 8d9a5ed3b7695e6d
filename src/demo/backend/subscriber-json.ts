/** How subscribers, their subscriptions and their activity are written. */
import type { JsonObject } from './json.ts'
import { goMap, jsonb } from './json.ts'
import { goTime } from './time.ts'
import type { SubscriberRow } from './rows.ts'
import type { World } from './world.ts'

/** The times inside `lists[]` are PostgreSQL's, those outside are Go's. */
export function subscriberJson(world: World, row: SubscriberRow): object {
  const { id, created_at, updated_at, uuid, email, name, attribs, status } = row
  return {
    ...{ id, created_at: goTime(created_at), updated_at: goTime(updated_at), uuid, email, name },
    ...{ attribs: goMap(attribs ?? {}), status, lists: subscriptions(world, row) },
  }
}

function subscriptions(world: World, row: SubscriberRow): object[] {
  return [...row.lists].flatMap(([id, subscription]) => {
    const list = world.lists.get(id)
    if (list === undefined) return []
    return {
      subscription_status: subscription.status,
      subscription_created_at: subscription.created_at,
      subscription_updated_at: subscription.updated_at,
      subscription_meta: jsonb(subscription.meta),
      ...{ id, uuid: list.uuid, name: list.name, type: list.type, optin: list.optin, status: list.status },
      ...{ tags: list.tags, description: list.description },
      ...{ created_at: list.created_at, updated_at: list.updated_at },
    }
  })
}

/** Keys of `items` in the order of their first appearance, with all that has the key. */
function grouped<T, K>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}

const latest = (rows: readonly { created_at: string }[]): string =>
  rows.reduce((last, row) => (row.created_at > last ? row.created_at : last), '')

export function activityJson(world: World, id: number): object {
  const views = grouped(
    [...world.campaign_views.values()].filter((view) => view.subscriber_id === id),
    (view) => view.campaign_id,
  )
  const clicks = grouped(
    [...world.link_clicks.values()].filter((click) => click.subscriber_id === id),
    (click) => JSON.stringify([click.link_id, click.campaign_id]),
  )
  const campaign_views = [...views].flatMap(([campaignId, rows]) => {
    const campaign = world.campaigns.get(campaignId ?? 0)
    if (campaign === undefined) return []
    const { uuid, name, subject } = campaign
    return { id: campaign.id, uuid, name, subject, view_count: rows.length, last_viewed_at: latest(rows) }
  })
  const link_clicks = [...clicks.values()].flatMap((rows) => {
    const link = world.links.get(rows[0]?.link_id ?? 0)
    if (link === undefined) return []
    const campaign = world.campaigns.get(rows[0]?.campaign_id ?? 0)
    return {
      ...{ link_id: link.id, url: link.url, campaign_id: campaign?.id ?? null, campaign_uuid: campaign?.uuid ?? null },
      ...{ campaign_name: campaign?.name ?? null, campaign_subject: campaign?.subject ?? null },
      ...{ click_count: rows.length, last_clicked_at: latest(rows) },
    }
  })
  const newestFirst = <T extends object>(rows: T[], at: keyof T): T[] =>
    rows.toSorted((a, b) => (a[at] > b[at] ? -1 : 1))
  return {
    campaign_views: newestFirst(campaign_views, 'last_viewed_at'),
    link_clicks: newestFirst(link_clicks, 'last_clicked_at'),
  }
}

/** All that is stored of one subscriber: the download that data protection laws ask for. Names of private lists are not told. */
export function profileJson(world: World, row: SubscriberRow): object {
  const { id, uuid, email, name, attribs, status, created_at, updated_at } = row
  const stored: JsonObject = (jsonb(attribs ?? {}) ?? {}) as JsonObject
  const views = grouped(
    [...world.campaign_views.values()].filter((view) => view.subscriber_id === id),
    (view) => view.campaign_id ?? 0,
  )
  const clicks = grouped(
    [...world.link_clicks.values()].filter((click) => click.subscriber_id === id),
    (click) => click.link_id,
  )
  return {
    profile: [{ id, uuid, email, name, attribs: stored, status, created_at, updated_at }],
    subscriptions: [...row.lists].flatMap(([listId, subscription]) => {
      const list = world.lists.get(listId)
      if (list === undefined) return []
      const shown = list.type === 'private' ? 'Private list' : list.name
      const { status: subscription_status, created_at: subscribedAt } = subscription
      return { subscription_status, name: shown, type: list.type, created_at: subscribedAt }
    }),
    campaign_views: [...views].map(([campaignId, rows]) => ({
      campaign: world.campaigns.get(campaignId)?.subject ?? '',
      views: rows.length,
    })),
    link_clicks: [...clicks].map(([linkId, rows]) => ({
      url: world.links.get(linkId)?.url ?? '',
      clicks: rows.length,
    })),
  }
}
