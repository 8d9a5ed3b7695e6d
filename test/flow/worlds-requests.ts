/** A grammar of requests to the routes of the listmonk policy that know lists, subscribers or campaigns. */
import fc from 'fast-check'
import { idOf } from './worlds.ts'

export interface Ask {
  readonly method: string
  readonly target: string
  readonly type?: string
  readonly body?: string
}

// One more than there can be: some things are not there.
const list = fc.nat(5).map((index) => idOf.list + index)
const subscriber = fc.nat(6).map((index) => idOf.subscriber + index)
const campaign = fc.nat(4).map((index) => idOf.campaign + index)
const bounce = fc.nat(2).map((index) => idOf.bounce + index)
const email = fc.oneof(
  subscriber.map((id) => `s${id}@example.org`),
  fc.constantFrom('new@example.org', 'other@example.org'),
)
const few = <T>(one: fc.Arbitrary<T>, minLength = 0): fc.Arbitrary<T[]> => fc.array(one, { minLength, maxLength: 3 })
const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(one, { nil: undefined })

/** Conditions in SQL: look-ups that anybody may ask, and tries to ask for more. */
const sql = fc.oneof(
  subscriber.map((id) => `subscribers.id=${id}`),
  email.map((address) => `subscribers.email='${address}'`),
  email.map((address) => `subscribers.email = '${address}' OR 1=1`),
  fc.constantFrom('1=1', "subscribers.email LIKE '%'", 'subscribers.id > 0', 'true) OR (true', '1=1 --'),
)

type Pairs = readonly (readonly [string, string | number])[]
const query = (pairs: Pairs): string =>
  pairs.length === 0
    ? ''
    : `?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)])).toString()}`
const named = <T extends string | number>(name: string, values: fc.Arbitrary<T[]>): fc.Arbitrary<Pairs> =>
  values.map((all) => all.map((value) => [name, value] as const))
const now = (name: string, value: fc.Arbitrary<string | number>): fc.Arbitrary<Pairs> =>
  maybe(value).map((each) => (each === undefined ? [] : [[name, each] as const]))
const joined = (...parts: readonly fc.Arbitrary<Pairs>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((all) => query(all.flat()))
const paging: fc.Arbitrary<Pairs> = fc.constantFrom<Pairs>(
  [],
  [],
  [['per_page', 'all']],
  [
    ['per_page', 1],
    ['page', 2],
  ],
  [['per_page', 2]],
  [['page', 3]],
)

const get = (target: fc.Arbitrary<string>): fc.Arbitrary<Ask> => target.map((each) => ({ method: 'GET', target: each }))
const bare = (method: string, target: fc.Arbitrary<string>): fc.Arbitrary<Ask> =>
  target.map((each) => ({ method, target: each }))
const json = (method: string, target: fc.Arbitrary<string>, body: fc.Arbitrary<object>): fc.Arbitrary<Ask> =>
  fc
    .tuple(target, body)
    .map(([each, value]) => ({ method, target: each, type: 'application/json', body: JSON.stringify(value) }))
const at = (path: string, id: fc.Arbitrary<number>, rest = ''): fc.Arbitrary<string> =>
  id.map((each) => `${path}/${each}${rest}`)
const fixed = (path: string): fc.Arbitrary<string> => fc.constant(path)

const subscriberQuery = joined(
  named('list_id', few(list)),
  now('search', fc.constantFrom('subscriber', 'example', 's2')),
  now('query', sql),
  now('subscription_status', fc.constantFrom('confirmed', 'unsubscribed')),
  paging,
)
const subscriberBody = fc.record(
  {
    id: subscriber,
    email,
    name: fc.constant('Changed'),
    status: fc.constantFrom('enabled', 'disabled', 'blocklisted'),
    attribs: fc.constant({ k: 1 }),
    lists: few(list),
    list_uuids: few(list.map((id) => `${id}0-0000-4000-8000-${id}00000`)),
    preconfirm_subscriptions: fc.boolean(),
  },
  { requiredKeys: ['email', 'name', 'status'] },
)
const chosen = fc.record(
  {
    list_ids: few(list),
    query: sql,
    search: fc.constant('subscriber'),
    all: fc.boolean(),
    subscription_status: fc.constant('confirmed'),
  },
  { requiredKeys: [] },
)
const action = fc.constantFrom('add', 'remove', 'unsubscribe')
const campaignBody = fc.record(
  {
    id: campaign,
    name: fc.constant('Mine'),
    subject: fc.constant('Hello'),
    from_email: fc.constant('a@example.org'),
    type: fc.constant('regular'),
    lists: few(list),
    messenger: fc.constant('email'),
    content_type: fc.constant('plain'),
    body: fc.constant('Hi'),
    status: fc.constantFrom('draft', 'running'),
  },
  { requiredKeys: ['name', 'subject', 'lists', 'type', 'content_type', 'body', 'messenger', 'from_email'] },
)
const listBody = fc.record({ name: fc.constant('Renamed'), type: fc.constant('private'), optin: fc.constant('single') })

const lists = fc.oneof(
  get(
    joined(paging, now('minimal', fc.constant('true')), now('query', fc.constantFrom('list', 'name'))).map(
      (q) => `/api/lists${q}`,
    ),
  ),
  get(at('/api/lists', list)),
  json('PUT', at('/api/lists', list), listBody),
  json('POST', fixed('/api/lists'), listBody),
  bare('DELETE', at('/api/lists', list)),
  bare(
    'DELETE',
    joined(named('id', few(list)), now('query', fc.constant('list'))).map((q) => `/api/lists${q}`),
  ),
)

/** What an import brings has new addresses: that its rows may claim subscribers of others by their address is gap 11, and stays. */
const imported = fc
  .tuple(
    fc.record(
      { mode: fc.constantFrom('subscribe', 'blocklist'), lists: few(list), overwrite: fc.boolean() },
      { requiredKeys: ['mode'] },
    ),
    fc.nat(2 ** 30),
  )
  .map(([params, number]): Ask => {
    const part = (name: string, more: string, text: string): string =>
      `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${text}\r\n`
    const file = `email,name,attributes\nimported.${number}@example.org,Imported,{}\n`
    const parts =
      part('params', '', JSON.stringify({ delim: ',', ...params })) + part('file', '; filename="a.csv"', file)
    const type = 'multipart/form-data; boundary=b'
    return { method: 'POST', target: '/api/import/subscribers', type, body: `${parts}--b--\r\n` }
  })

const subscribers = fc.oneof(
  get(subscriberQuery.map((q) => `/api/subscribers${q}`)),
  get(joined(paging).map((q) => `/api/subscribers${q}`)),
  get(
    joined(named('list_id', few(list)), named('id', few(subscriber)), now('query', sql)).map(
      (q) => `/api/subscribers/export${q}`,
    ),
  ),
  get(at('/api/subscribers', subscriber)),
  get(at('/api/subscribers', subscriber, '/activity')),
  get(at('/api/subscribers', subscriber, '/export')),
  get(at('/api/subscribers', subscriber, '/bounces')),
  json('POST', fixed('/api/subscribers'), subscriberBody),
  json('PUT', at('/api/subscribers', subscriber), subscriberBody),
  json('PUT', at('/api/subscribers', subscriber), subscriberBody),
  json(
    'PATCH',
    at('/api/subscribers', subscriber),
    fc.oneof(subscriberBody, fc.constant({ name: 'Patched' }), fc.constant({})),
  ),
  bare('DELETE', at('/api/subscribers', subscriber)),
  bare(
    'DELETE',
    named('id', few(subscriber)).map((pairs) => `/api/subscribers${query(pairs)}`),
  ),
  bare('POST', at('/api/subscribers', subscriber, '/optin')),
  bare('PUT', at('/api/subscribers', subscriber, '/blocklist')),
  json('PUT', fixed('/api/subscribers/blocklist'), fc.record({ ids: few(subscriber) })),
  bare('DELETE', at('/api/subscribers', subscriber, '/bounces')),
  json(
    'PUT',
    fixed('/api/subscribers/lists'),
    fc.record({ ids: few(subscriber), action, target_list_ids: few(list), status: fc.constant('confirmed') }),
  ),
  json(
    'PUT',
    at('/api/subscribers/lists', subscriber),
    fc.record({ ids: few(subscriber, 1), action, target_list_ids: few(list), status: fc.constant('confirmed') }),
  ),
  json('POST', fixed('/api/subscribers/query/delete'), chosen),
  json('PUT', fixed('/api/subscribers/query/blocklist'), chosen),
  json(
    'PUT',
    fixed('/api/subscribers/query/lists'),
    fc
      .tuple(chosen, action, few(list))
      .map(([some, act, target_list_ids]) => ({ ...some, action: act, target_list_ids })),
  ),
  imported,
)

const campaigns = fc.oneof(
  get(
    joined(
      paging,
      now('query', fc.constantFrom('campaign', 'name')),
      now('status', fc.constantFrom('draft', 'running')),
    ).map((q) => `/api/campaigns${q}`),
  ),
  get(joined(paging).map((q) => `/api/campaigns${q}`)),
  get(fixed('/api/campaigns/running/stats')),
  get(
    fc
      .tuple(fc.constantFrom('views', 'clicks', 'bounces', 'links'), few(campaign))
      .map(
        ([type, ids]) =>
          `/api/campaigns/analytics/${type}${query([...ids.map((id) => ['id', id] as const), ['from', '2026-01-01'], ['to', '2026-12-31']])}`,
      ),
  ),
  get(at('/api/campaigns', campaign)),
  get(at('/api/campaigns', campaign, '?no_body=true')),
  get(at('/api/campaigns', campaign, '/preview')),
  bare('POST', at('/api/campaigns', campaign, '/preview')),
  bare('POST', at('/api/campaigns', campaign, '/text')),
  json('POST', fixed('/api/campaigns'), campaignBody),
  json('PUT', at('/api/campaigns', campaign), campaignBody),
  json(
    'PUT',
    at('/api/campaigns', campaign, '/status'),
    fc.record({ status: fc.constantFrom('draft', 'running', 'paused', 'cancelled', 'scheduled') }),
  ),
  json(
    'PUT',
    at('/api/campaigns', campaign, '/archive'),
    fc.record({ archive: fc.boolean(), archive_slug: fc.constant('slug') }),
  ),
  json(
    'POST',
    at('/api/campaigns', campaign, '/test'),
    fc.tuple(campaignBody, few(email, 1)).map(([body, addresses]) => ({ ...body, subscribers: addresses })),
  ),
  bare('DELETE', at('/api/campaigns', campaign)),
  bare(
    'DELETE',
    joined(named('id', few(campaign)), now('query', fc.constant('campaign')), now('all', fc.constant('true'))).map(
      (q) => `/api/campaigns${q}`,
    ),
  ),
)

const others = fc.oneof(
  get(joined(paging, now('campaign_id', campaign)).map((q) => `/api/bounces${q}`)),
  get(at('/api/bounces', bounce)),
  bare('DELETE', at('/api/bounces', bounce)),
  bare(
    'DELETE',
    joined(named('id', few(bounce)), now('all', fc.constant('true'))).map((q) => `/api/bounces${q}`),
  ),
  bare('PUT', fixed('/api/bounces/blocklist')),
  get(
    fc.constantFrom(
      '/api/dashboard/counts',
      '/api/dashboard/charts',
      '/api/profile',
      '/api/templates',
      '/api/media',
      '/api/import/subscribers',
      '/api/import/subscribers/logs',
      '/api/users',
      '/api/roles/lists',
      '/api/settings',
      '/api/logs',
    ),
  ),
  json(
    'POST',
    fixed('/api/tx'),
    fc
      .record(
        {
          subscriber_id: subscriber,
          subscriber_ids: few(subscriber, 1),
          subscriber_email: email,
          subscriber_emails: few(email, 1),
          subscriber_mode: fc.constantFrom('default', 'fallback', 'external'),
        },
        { requiredKeys: [] },
      )
      .map((whom) => ({ ...whom, template_id: 5, data: {}, content_type: 'plain' })),
  ),
)

export const ask: fc.Arbitrary<Ask> = fc.oneof(
  { weight: 2, arbitrary: lists },
  { weight: 6, arbitrary: subscribers },
  { weight: 4, arbitrary: campaigns },
  { weight: 2, arbitrary: others },
)
