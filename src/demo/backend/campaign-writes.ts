/** Creating and changing campaigns, their status, and test mails. */
import { randomUUID } from 'node:crypto'
import type { Bound } from './bind.ts'
import { campaignJson, countCampaigns, findCampaign } from './campaign-json.ts'
import type { Context, Routes } from './context.ts'
import { bind, outOfRange, pathId } from './context.ts'
import { bad, data, done, failed } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { subscriberByEmail } from './subscriber-changes.ts'
import { pgTime, rfc3339 } from './time.ts'
import type { CampaignRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

export function addCampaignWriteRoutes(routes: Routes): void {
  routes.add('POST', '/api/campaigns', createCampaign)
  routes.add('PUT', '/api/campaigns/:id', updateCampaign)
  routes.add('PUT', '/api/campaigns/:id/status', setStatus)
  routes.add('POST', '/api/campaigns/:id/test', testCampaign)
}

const shape = {
  name: 'string',
  subject: 'string',
  from_email: 'string',
  type: 'string',
  content_type: 'string',
  body: 'string',
  body_source: 'stringOrNull',
  altbody: 'stringOrNull',
  send_at: 'stringOrNull',
  lists: 'ints',
  tags: 'strings',
  messenger: 'string',
  template_id: 'intOrNull',
  headers: 'any',
  attribs: 'map',
  media: 'ints',
  archive: 'bool',
  archive_slug: 'string',
  archive_template_id: 'intOrNull',
  archive_meta: 'map',
  subscribers: 'strings',
} as const
type Body = Bound<typeof shape>

const defaultFrom = 'listmonk <noreply@listmonk.yoursite.com>'

/** The checks that creating and changing share, in listmonk's order. */
function check(body: Body, epochMs: number): void {
  const isLength = (text = ''): boolean => text.length >= 1 && Buffer.byteLength(text) <= 2000
  if (!isLength(body.name)) throw bad('Invalid length for name.')
  if (!isLength(body.subject)) throw bad('Invalid length for subject.')
  const sendAt = body.send_at ?? undefined
  const sendAtMs = sendAt === undefined ? undefined : rfc3339(sendAt)
  if (sendAtMs !== undefined && sendAtMs < epochMs) throw bad('Scheduled date should be in the future.')
  if ((body.lists ?? []).length === 0) throw bad('Invalid list IDs.')
  const { messenger = '' } = body
  if (messenger !== '' && messenger !== 'email') throw bad(`Unknown messenger ${messenger}.`)
}

function listsOf(world: World, ids: readonly number[] | null | undefined, prefix: string): CampaignRow['lists'] {
  const problem = outOfRange(ids ?? [])
  if (problem !== undefined) throw failed(`${prefix}: ${problem}`)
  const known = [...new Set(ids ?? [])].flatMap((id) => world.lists.get(id) ?? [])
  return known.toSorted((a, b) => a.id - b.id).map(({ id, name }) => ({ id, name }))
}

function mediaOf(world: World, ids: readonly number[] | null | undefined): CampaignRow['media'] {
  return [...new Set(ids ?? [])].flatMap((id) => {
    const file = world.media.get(id)
    return file === undefined ? [] : { id: file.id, filename: file.filename }
  })
}

const optional = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

function createCampaign(context: Context): JsonReply {
  const { world, now, epochMs } = context
  const given = bind(context, shape)
  const type = optional(given.type) ?? 'regular'
  const body = type === 'optin' ? { ...given, body: optinBody(world, given.lists ?? []) } : given
  check(body, epochMs)
  const lists = listsOf(world, body.lists, 'Error creating Campaign')
  const id = nextId(world, 'campaigns')
  const template = [...world.templates.values()].find((row) => row.is_default)?.id ?? null
  world.campaigns.set(id, {
    ...{ id, uuid: randomUUID(), type, name: body.name ?? '', subject: body.subject ?? '' },
    ...{
      from_email: optional(body.from_email) ?? defaultFrom,
      body: body.body ?? '',
      body_source: body.body_source ?? null,
    },
    ...{ altbody: body.altbody ?? null, send_at: sendTime(body.send_at), status: 'draft' },
    ...{
      content_type: optional(body.content_type) ?? 'richtext',
      tags: body.tags ?? null,
      headers: body.headers ?? [],
    },
    ...{ attribs: body.attribs ?? null, template_id: body.template_id || template, messenger: 'email' },
    ...{ archive: body.archive ?? false, archive_slug: optional(body.archive_slug) ?? null },
    ...{ archive_template_id: body.archive_template_id ?? null, archive_meta: body.archive_meta ?? {} },
    ...{ started_at: null, to_send: 0, sent: 0, max_subscriber_id: 0, last_subscriber_id: 0 },
    ...{ lists, media: mediaOf(world, body.media), created_at: now, updated_at: now },
  })
  return answer(world, id)
}

const answer = (world: World, id: number): JsonReply =>
  data(campaignJson(findCampaign(world, id), countCampaigns(world)))

function sendTime(text: string | null | undefined): string | null {
  const epochMs = text === null || text === undefined ? undefined : rfc3339(text)
  return epochMs === undefined ? null : pgTime(epochMs)
}

/** The mail that asks for confirmation; names of private lists are not told. */
function optinBody(world: World, ids: readonly number[]): string {
  const lists = [...new Set(ids)].flatMap((id) => world.lists.get(id) ?? []).filter((list) => list.optin === 'double')
  if (lists.length === 0) throw bad('No opt-in lists found to create campaign.')
  const shown = lists.map((list) => (list.type === 'private' ? 'Private list' : list.name))
  const items = shown.map((name) => `    \n        \n            <li>${name}</li>\n        \n`).join('')
  const query = lists.map((list) => `l=${list.uuid}`).join('&')
  return (
    '\n\n<p>Hi {{.Subscriber.FirstName }}</p>\n<p>You have been added to the following lists:</p>\n' +
    `<ul>\n${items}    \n</ul>\n<p>\n    <a class="button" href="{{ OptinURL }}${query}">Confirm subscription</a>\n</p>\n`
  )
}

/** Absent fields stay; lists that are not named are taken away. */
function updateCampaign(context: Context): JsonReply {
  const { world, now, epochMs } = context
  const row = findCampaign(world, pathId(context))
  if (!['draft', 'paused', 'scheduled'].includes(row.status))
    throw bad('Cannot update a running or a finished campaign.')
  const body = bind(context, shape)
  check({ ...body, name: body.name ?? row.name, subject: body.subject ?? row.subject }, epochMs)
  const lists = listsOf(world, body.lists, 'Error updating Campaign')
  row.name = body.name ?? row.name
  row.subject = body.subject ?? row.subject
  row.from_email = optional(body.from_email) ?? row.from_email
  row.body = body.body ?? row.body
  row.body_source = body.body_source === undefined ? row.body_source : body.body_source
  row.altbody = body.altbody === undefined ? row.altbody : body.altbody
  row.content_type = optional(body.content_type) ?? row.content_type
  row.send_at = body.send_at === undefined ? row.send_at : sendTime(body.send_at)
  row.tags = body.tags === undefined ? row.tags : body.tags
  row.headers = body.headers ?? row.headers
  row.attribs = body.attribs === undefined ? row.attribs : body.attribs
  row.template_id = body.template_id || row.template_id
  row.archive = body.archive ?? row.archive
  row.archive_slug = optional(body.archive_slug) ?? row.archive_slug
  row.archive_template_id = body.archive_template_id ?? row.archive_template_id
  row.archive_meta = body.archive_meta ?? row.archive_meta
  row.lists = lists
  row.media = body.media === undefined ? row.media : mediaOf(world, body.media)
  row.updated_at = now
  return answer(world, row.id)
}

/** From which statuses a status can be reached, and what is said otherwise. */
const transitions: Readonly<Record<string, readonly [from: readonly string[], refusal: string]>> = {
  draft: [['scheduled'], 'Only scheduled campaigns can be saved as drafts.'],
  scheduled: [['draft', 'paused'], 'Only draft campaigns can be scheduled.'],
  running: [['draft', 'paused', 'scheduled'], 'Only paused campaigns and drafts can be started.'],
  paused: [['running'], 'Only active campaigns can be paused.'],
  cancelled: [['running', 'paused', 'scheduled'], 'Only active campaigns can be cancelled.'],
}

function setStatus(context: Context): JsonReply {
  const { world, now } = context
  const id = pathId(context)
  const { status = '' } = bind(context, { status: 'string' })
  const row = findCampaign(world, id)
  const rule = transitions[status]
  if (rule === undefined && status !== 'finished') {
    throw failed(`Error updating Campaign: pq: invalid input value for enum campaign_status: "${status}"`)
  }
  if (rule !== undefined && !rule[0].includes(row.status)) throw bad(rule[1])
  if (status === 'scheduled' && row.send_at === null) throw bad('Campaign needs a date to be scheduled.')
  row.status = status
  // The answer shows the time of the change before.
  const reply = answer(world, id)
  row.updated_at = now
  return reply
}

/** Nothing is sent; the mail is noted. */
function testCampaign(context: Context): JsonReply {
  const { world, epochMs } = context
  const row = findCampaign(world, pathId(context))
  const body = bind(context, shape)
  check({ ...body, name: body.name ?? row.name, subject: body.subject ?? row.subject }, epochMs)
  const emails = body.subscribers ?? []
  if (emails.length === 0) throw bad('There are no subscribers to target.')
  const subscribers = emails.flatMap((email) => subscriberByEmail(world, email.trim()) ?? [])
  if (subscribers.length === 0) throw bad('No known subscribers to test.')
  for (const { email } of subscribers) world.mails.push([email, body.subject ?? row.subject])
  return done
}
