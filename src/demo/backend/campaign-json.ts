/** How campaigns are written. */
import type { JsonObject } from './json.ts'
import { goMap, jsonb } from './json.ts'
import { bad, failed } from './reply.ts'
import { outOfRange } from './context.ts'
import { goTime } from './time.ts'
import type { CampaignRow } from './rows.ts'
import type { World } from './world.ts'

/** How often each campaign was viewed, clicked and bounced. */
export interface Counts {
  readonly views: ReadonlyMap<number, number>
  readonly clicks: ReadonlyMap<number, number>
  readonly bounces: ReadonlyMap<number, number>
}

export function countCampaigns(world: World): Counts {
  const count = (rows: Iterable<{ campaign_id: number | null }>): Map<number, number> => {
    const counts = new Map<number, number>()
    for (const { campaign_id: id } of rows) if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1)
    return counts
  }
  const { campaign_views, link_clicks, bounces } = world
  return {
    views: count(campaign_views.values()),
    clicks: count(link_clicks.values()),
    bounces: count(bounces.values()),
  }
}

export function campaignJson(row: CampaignRow, counts: Counts, hasBody = true): object {
  const time = (value: string | null): string | null => (value === null ? null : goTime(value))
  const { id, uuid, type, name, subject, from_email, body, body_source, altbody, send_at, status, content_type } = row
  const object = (value: JsonObject | null): unknown => goMap(value ?? {})
  return {
    ...{ id, created_at: goTime(row.created_at), updated_at: goTime(row.updated_at) },
    ...{ views: counts.views.get(id) ?? 0, clicks: counts.clicks.get(id) ?? 0, bounces: counts.bounces.get(id) ?? 0 },
    lists: row.lists.map((list) => ({ id: list.id, name: list.name })),
    media: row.media.map((file) => ({ id: file.id, filename: file.filename })),
    ...{
      started_at: time(row.started_at),
      to_send: row.to_send,
      sent: row.sent,
      uuid,
      type,
      name,
      subject,
      from_email,
    },
    ...{ body: hasBody ? body : '', body_source, altbody, send_at: time(send_at), status, content_type },
    ...{
      tags: row.tags ?? [],
      headers: jsonb(row.headers),
      attribs: object(row.attribs),
      template_id: row.template_id,
    },
    ...{ messenger: row.messenger, archive: row.archive, archive_slug: row.archive_slug },
    ...{ archive_template_id: row.archive_template_id, archive_meta: object(row.archive_meta) },
  }
}

/** The stored campaign; 400 where there is none. */
export function findCampaign(world: World, id: number): CampaignRow {
  const problem = outOfRange([id])
  if (problem !== undefined) throw failed(`Error fetching Campaign: ${problem}`)
  const row = world.campaigns.get(id)
  if (row === undefined) throw bad('Campaign not found')
  return row
}
