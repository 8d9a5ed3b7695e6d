/** What needs no credential: public lists, subscribing, the archive, and the links in mails. */
import type { Context, Routes } from './context.ts'
import { formValue, queryValue } from './context.ts'
import { parseValues } from './form.ts'
import { bindBody } from './bind.ts'
import { listing, pageOf, slicePage } from './page.ts'
import { noFile, noIndex, page, redirect, sitePage, text } from './pages.ts'
import { renderCampaign, rootUrl } from './render.ts'
import { bad, bare, data, html, message, Refusal } from './reply.ts'
import type { JsonReply, Reply } from './reply.ts'
import {
  blocklist,
  cleanEmail,
  insertSubscriber,
  mailOptin,
  removeSubscribers,
  setSubscription,
  subscribe,
  subscriberByEmail,
  subscriberByUuid,
} from './subscriber-changes.ts'
import { goTime } from './time.ts'
import type { CampaignRow, SubscriberRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

export function addPublicRoutes(routes: Routes): void {
  routes.add('GET', '/', () => page('listmonk - Mailing list'))
  routes.add('GET', '/api/public/lists', ({ world }) =>
    bare(publicLists(world).map(({ uuid, name }) => ({ uuid, name }))),
  )
  routes.add('GET', '/api/public/captcha/altcha', () => message(404, 'captcha not enabled'))
  routes.add('POST', '/api/public/subscription', (context) => data({ has_optin: subscribePublicly(context) }))
  routes.add('GET', '/api/public/archive', getArchive)
  routes.add('GET', '/archive', () => sitePage('Mailing list archive'))
  routes.add('GET', '/archive.xml', () =>
    text('text/xml; charset=utf-8', '<rss><channel><title>Mailing list</title></channel></rss>\n'),
  )
  routes.add('GET', '/archive/latest', ({ world }) => archived(archive(world)[0]))
  routes.add('GET', '/archive/:id', ({ world, params: { id } }) =>
    archived(archive(world).find((row) => row.uuid === id || row.archive_slug === id)),
  )
  routes.add('GET', '/subscription/form', () => sitePage('Subscribe'))
  routes.add('POST', '/subscription/form', postForm)
  routes.add('GET', '/subscription/:campUUID/:subUUID', (context) =>
    ofSubscriber(context, () => sitePage('Unsubscribe', 200, noIndex)),
  )
  routes.add('POST', '/subscription/:campUUID/:subUUID', (context) =>
    ofSubscriber(context, (row) => unsubscribe(context, row)),
  )
  routes.add('GET', '/subscription/optin/:subUUID', (context) =>
    ofSubscriber(context, () => sitePage('Confirm subscription', 200, noIndex)),
  )
  routes.add('POST', '/subscription/optin/:subUUID', (context) => ofSubscriber(context, (row) => confirm(context, row)))
  routes.add('POST', '/subscription/export/:subUUID', (context) =>
    ofSubscriber(context, (row) => {
      context.world.mails.push([row.email, 'Your data'])
      return sitePage('Data e-mailed')
    }),
  )
  routes.add('POST', '/subscription/wipe/:subUUID', (context) =>
    ofSubscriber(context, (row) => {
      removeSubscribers(context.world, new Set([row.id]))
      return sitePage('Data removed')
    }),
  )
  routes.add('GET', '/link/:linkUUID/:campUUID/:subUUID', followLink)
  routes.add('GET', '/campaign/:campUUID/:subUUID', viewCampaign)
  routes.add('GET', '/campaign/:campUUID/:subUUID/px.png', countView)
  routes.add('GET', '/public/custom.css', () => text('text/css; charset=utf-8', ''))
  routes.add('GET', '/public/custom.js', () => text('application/javascript; charset=utf-8', ''))
  routes.add('GET', '/public/static/:file', () => noFile)
  routes.add('GET', '/uploads/', () => message(404, 'Not Found'))
  routes.add('GET', '/uploads/:file', () => message(404, 'Not Found'))
  routes.add('GET', '/robots.txt', () => text('text/plain; charset=utf-8', robots))
}

const robots =
  'User-agent: *\nAllow: /subscription/form\nDisallow: /subscription/\nDisallow: /campaign/\nDisallow: /link/\n'

const publicLists = (world: World): { id: number; uuid: string; name: string; optin: string }[] =>
  [...world.lists.values()].filter((row) => row.type === 'public' && row.status === 'active')

/** Whether a double opt-in list is among them. Lists that are not public refuse the whole; unknown ones are ignored. */
function subscribePublicly(context: Context): boolean {
  const { world, now } = context
  const isForm = context.contentType.startsWith('application/x-www-form-urlencoded')
  const given = isForm
    ? { email: formValue(context, 'email'), name: formValue(context, 'name'), list_uuids: formUuids(context) }
    : bindBody(context, { email: 'string', name: 'string', list_uuids: 'strings' })
  const email = cleanEmail(given.email ?? '')
  if (email === undefined) throw bad('Invalid email.')
  const wanted = [...world.lists.values()].filter((row) => (given.list_uuids ?? []).includes(row.uuid))
  if (wanted.length === 0 || wanted.some((row) => row.type === 'private')) throw bad('Invalid UUID(s)')
  const stored = subscriberByEmail(world, email)
  const row = stored ?? insertSubscriber(world, { email, name: given.name || (email.split('@')[0] ?? '') }, now)
  row.updated_at = now
  for (const list of wanted) subscribe(row, list.id, 'unconfirmed', now)
  mailOptin(
    world,
    row,
    wanted.map((list) => list.id),
  )
  return wanted.some((list) => list.optin === 'double')
}

const formUuids = ({ body }: Context): string[] => [...(parseValues(body.toString('latin1')).get('l') ?? [])]

function postForm(context: Context): Reply {
  try {
    subscribePublicly(context)
    return sitePage('Subscribe')
  } catch (error) {
    if (error instanceof Refusal) return sitePage('Error', error.status)
    throw error
  }
}

const archive = (world: World): CampaignRow[] =>
  [...world.campaigns.values()]
    .filter((row) => row.archive && row.type === 'regular' && ['running', 'paused', 'finished'].includes(row.status))
    .toSorted((a, b) => (a.created_at > b.created_at ? -1 : 1))

function getArchive(context: Context): JsonReply {
  const { world } = context
  const paging = pageOf(context)
  const rows = archive(world)
  const results = (paging.size === 0 ? [] : slicePage(rows, paging)).map((row) => ({
    ...{ uuid: row.uuid, subject: row.subject, content: '', created_at: goTime(row.created_at), send_at: row.send_at },
    url: `${rootUrl(world)}/archive/${row.archive_slug ?? row.uuid}`,
  }))
  if (results.length === 0) return listing({ results, total: 0, page: undefined })
  return listing({ results, total: rows.length, page: paging })
}

const archived = (row: CampaignRow | undefined): Reply =>
  row === undefined ? sitePage('Not found', 404) : page(row.subject)

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

function ofSubscriber(context: Context, answer: (row: SubscriberRow) => Reply): Reply {
  const { campUUID, subUUID = '' } = context.params
  if (!uuid.test(subUUID) || (campUUID !== undefined && !uuid.test(campUUID))) return sitePage('Error', 400, noIndex)
  const row = subscriberByUuid(context.world, subUUID)
  return row === undefined ? sitePage('Not found', 404, noIndex) : answer(row)
}

function unsubscribe(context: Context, row: SubscriberRow): Reply {
  const { world, now, params } = context
  const campaign = [...world.campaigns.values()].find((candidate) => candidate.uuid === params['campUUID'])
  if (formValue(context, 'blocklist') === 'true') blocklist(row, now)
  else for (const { id } of campaign?.lists ?? []) if (id !== null) setSubscription(row, id, 'unsubscribed', now)
  return sitePage('Unsubscribed')
}

function confirm(context: Context, row: SubscriberRow): Reply {
  const uuids = [...formUuids(context), queryValue(context, 'l')]
  for (const list of context.world.lists.values()) {
    if (uuids.includes(list.uuid)) setSubscription(row, list.id, 'confirmed', context.now)
  }
  return sitePage('Confirmed')
}

const campaignOf = ({ world, params }: Context): CampaignRow | undefined =>
  [...world.campaigns.values()].find((row) => row.uuid === params['campUUID'])

/** Who clicked is not kept unless the instance tracks people one by one. */
const tracked = ({ world, params }: Context): number | null =>
  world.settings.get('privacy.individual_tracking') === true
    ? (subscriberByUuid(world, params['subUUID'] ?? '')?.id ?? null)
    : null

function followLink(context: Context): Reply {
  const { world, now, params } = context
  const link = [...world.links.values()].find((row) => row.uuid === params['linkUUID'])
  if (link === undefined) return sitePage('Error', 400, noIndex)
  const id = nextId(world, 'link_clicks')
  const campaign_id = campaignOf(context)?.id ?? null
  world.link_clicks.set(id, { id, campaign_id, subscriber_id: tracked(context), link_id: link.id, created_at: now })
  return redirect(307, link.url, noIndex)
}

function viewCampaign(context: Context): Reply {
  const { world, params } = context
  const row = campaignOf(context)
  const person = subscriberByUuid(world, params['subUUID'] ?? '')
  if (row === undefined || person === undefined) return sitePage('Not found', 404, noIndex)
  return html(renderCampaign(world, row.body, row.template_id, row.uuid, person), 200, noIndex)
}

/** One transparent pixel. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

function countView(context: Context): Reply {
  const { world, now } = context
  const campaign = campaignOf(context)
  if (campaign !== undefined) {
    const id = nextId(world, 'campaign_views')
    world.campaign_views.set(id, { id, campaign_id: campaign.id, subscriber_id: tracked(context), created_at: now })
  }
  const headers = { 'Cache-Control': 'no-cache', ...noIndex }
  return { status: 200, type: 'image/png', headers, body: Buffer.from(pixel, 'base64') }
}
