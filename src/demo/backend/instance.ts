/** What the instance tells of itself: health, configuration, counts, settings, logs, events. */
import type { Context, Routes } from './context.ts'
import { queryValue } from './context.ts'
import { goParse } from './go-parse.ts'
import type { Json } from './json.ts'
import { bare, bad, data, done } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { toJson } from './bind.ts'
import type { World } from './world.ts'

export function addInstanceRoutes(routes: Routes): void {
  routes.add('GET', '/health', () => done)
  routes.add('GET', '/api/health', () => done)
  routes.add('GET', '/api/config', ({ world }) => data(config(world)))
  routes.add('GET', '/api/lang/:lang', getLanguage)
  routes.add('GET', '/api/dashboard/charts', ({ world }) => data(charts(world)))
  routes.add('GET', '/api/dashboard/counts', ({ world }) => data(counts(world)))
  routes.add('GET', '/api/settings', ({ world }) => data(Object.fromEntries(world.settings)))
  routes.add('PUT', '/api/settings', putSettings)
  routes.add('PUT', '/api/settings/:key', putSetting)
  routes.add('POST', '/api/settings/smtp/test', testSmtp)
  routes.add('POST', '/api/admin/reload', () => done)
  routes.add('GET', '/api/logs', () => data([]))
  // Headers go out with the first event, and nothing happens here.
  routes.add('GET', '/api/events', () => 'hang')
  routes.add('GET', '/api/about', () => bare(about))
}

const about = {
  version: 'demo',
  build: 'demo',
  go_version: 'none',
  go_arch: 'none',
  database: { version: 'in memory', size_mb: 0 },
  system: { num_cpu: 1, memory_alloc_mb: 0, memory_from_os_mb: 0 },
  host: { os: 'none', os_release: 'none', arch: 'none', hostname: 'demo' },
}

function config(world: World): object {
  const permissions = world.roles.get(1)?.permissions ?? []
  const groupOf = (permission: string): string => permission.split(':')[0] ?? ''
  const groups = [...new Set(permissions.map(groupOf))].toSorted()
  const site = {
    public_subscription: {
      ...{ enabled: true, captcha_enabled: false, captcha_provider: null, captcha_key: null },
      ...{ altcha_complexity: 0, redirect_urls: null },
    },
    privacy: {
      disable_tracking: false,
      individual_tracking: world.settings.get('privacy.individual_tracking') ?? false,
    },
    ...{
      media_provider: 'filesystem',
      messengers: ['email'],
      langs: [{ code: 'en', name: 'English (en)' }],
      lang: 'en',
    },
  }
  return {
    ...{
      root_url: world.settings.get('app.root_url'),
      from_email: 'listmonk <noreply@listmonk.yoursite.com>',
      ...site,
    },
    permissions: groups.map((group) => ({ group, permissions: permissions.filter((name) => groupOf(name) === group) })),
    ...{ update: null, needs_restart: false, has_legacy_user: false, version: 'demo' },
  }
}

/** Every language answers in English. */
function getLanguage({ params }: Context): JsonReply {
  if (!/^[A-Za-z_0-9-]{1,6}$/.test(params['lang'] ?? '')) throw bad('Invalid language code.')
  return data({ '_.code': 'en', '_.name': 'English (en)' })
}

function charts(world: World): object {
  const byDay = (rows: Iterable<{ created_at: string }>): object[] => {
    const days = new Map<string, number>()
    for (const { created_at } of rows) days.set(created_at.slice(0, 10), (days.get(created_at.slice(0, 10)) ?? 0) + 1)
    return [...days].map(([date, count]) => ({ count, date }))
  }
  return { link_clicks: byDay(world.link_clicks.values()), campaign_views: byDay(world.campaign_views.values()) }
}

/** The database groups by hash; this is the order it came to. */
const statusOrder: readonly string[] = ['cancelled', 'scheduled', 'draft', 'finished', 'paused', 'running']

function counts(world: World): object {
  const subscribers = [...world.subscribers.values()]
  const lists = [...world.lists.values()]
  const campaigns = [...world.campaigns.values()]
  const number = <T>(rows: readonly T[], has: (row: T) => boolean): number => rows.filter(has).length
  const byStatus = statusOrder
    .map((status) => [status, number(campaigns, (row) => row.status === status)] as const)
    .filter(([, count]) => count > 0)
  return {
    subscribers: {
      total: subscribers.length,
      blocklisted: number(subscribers, (row) => row.status === 'blocklisted'),
      orphans: number(subscribers, (row) => row.lists.size === 0),
    },
    lists: {
      total: lists.length,
      private: number(lists, (row) => row.type === 'private'),
      public: number(lists, (row) => row.type === 'public'),
      optin_single: number(lists, (row) => row.optin === 'single'),
      optin_double: number(lists, (row) => row.optin === 'double'),
    },
    campaigns: { total: campaigns.length, by_status: Object.fromEntries(byStatus) },
    messages: campaigns.reduce((sum, row) => sum + row.sent, 0),
  }
}

function putSettings({ world, body }: Context): JsonReply {
  const value = toJson(goParse(body, false))
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad('Invalid data')
  for (const [key, setting] of Object.entries(value)) if (world.settings.has(key)) world.settings.set(key, setting)
  return done
}

/** Any JSON is stored; an unknown key changes nothing. */
function putSetting({ world, body, params }: Context): JsonReply {
  const value: Json = toJson(goParse(body, false))
  const key = params['key'] ?? ''
  if (world.settings.has(key)) world.settings.set(key, value)
  return done
}

/** No connection is made. */
function testSmtp(context: Context): JsonReply {
  let given: Json
  try {
    given = toJson(goParse(context.body, false))
  } catch {
    throw bad('Internal server error')
  }
  const isObject = given !== null && typeof given === 'object' && !Array.isArray(given)
  const email = isObject ? (given as { email?: Json }).email : undefined
  if (typeof email !== 'string' || email === '') throw bad('Missing field(s): email')
  return data(queryValue(context, 'verbose') === '' ? '' : 'not sent')
}
