/** Small random worlds: lists, subscribers, campaigns and one caller, and what of them is within the caller's lists. */
import fc from 'fast-check'
import type { CampaignRow, ListRow, SubscriberRow } from '../../src/demo/backend/rows.ts'
import type { World } from '../../src/demo/backend/world.ts'

export interface WorldPlan {
  readonly lists: readonly { readonly optin: 'single' | 'double'; readonly type: 'private' | 'public' }[]
  readonly subscribers: readonly {
    readonly on: readonly number[]
    readonly status: string
    readonly subscription: string
  }[]
  readonly campaigns: readonly { readonly on: readonly number[]; readonly status: string; readonly archive: boolean }[]
  readonly bounces: readonly { readonly subscriber: number; readonly campaign: number }[]
  readonly views: readonly { readonly subscriber: number; readonly campaign: number }[]
  readonly caller: Caller
}

export interface Caller {
  readonly permissions: readonly string[]
  /** By number of the list. */
  readonly grants: readonly ('none' | 'get' | 'manage' | 'both')[]
}

/** Numbers that stand for nothing else in any answer: no time, count or group of a UUID has seven digits. */
export const idOf = {
  list: 1_000_001,
  subscriber: 2_000_001,
  campaign: 3_000_001,
  bounce: 4_000_001,
  link: 5_000_001,
} as const

const bounded = [
  'subscribers:get',
  'subscribers:manage',
  'subscribers:import',
  'campaigns:get',
  'campaigns:manage',
  'campaigns:send',
  'campaigns:get_analytics',
  'bounces:get',
  'bounces:manage',
  'tx:send',
  'media:get',
  'templates:get',
] as const
/** Each makes more than the caller's lists reachable. */
const unbounding = [
  'lists:get_all',
  'lists:manage_all',
  'subscribers:get_all',
  'subscribers:sql_query',
  'campaigns:get_all',
  'campaigns:manage_all',
] as const

const most = { lists: 5, subscribers: 6, campaigns: 4 } as const
const someOf = (count: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.nat(count - 1), { minLength: 0, maxLength: 3, size: 'max' })
const pair = fc.record({ subscriber: fc.nat(most.subscribers - 1), campaign: fc.nat(most.campaigns - 1) })

/** Permissions that rule the instance (users, roles, settings, bounce webhooks) are nobody's here: no list bounds them. */
const caller: fc.Arbitrary<Caller> = fc.record({
  permissions: fc
    .tuple(
      fc.oneof(
        { weight: 3, arbitrary: fc.constant([...bounded]) },
        { weight: 1, arbitrary: fc.subarray([...bounded]) },
      ),
      fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.subarray([...unbounding], { maxLength: 2 }) },
      ),
    )
    .map(([some, all]) => [...some, ...all]),
  grants: fc.array(fc.constantFrom('none', 'get', 'manage', 'both', 'both', 'both'), {
    minLength: most.lists,
    maxLength: most.lists,
  }),
})

export const worldPlan: fc.Arbitrary<WorldPlan> = fc.record({
  lists: fc.array(
    fc.record({ optin: fc.constantFrom('single', 'double'), type: fc.constantFrom('private', 'public') }),
    {
      minLength: 3,
      maxLength: most.lists,
    },
  ),
  subscribers: fc.array(
    fc.record({
      on: someOf(most.lists),
      status: fc.constantFrom('enabled', 'enabled', 'blocklisted'),
      subscription: fc.constantFrom('unconfirmed', 'confirmed', 'unsubscribed'),
    }),
    { minLength: 2, maxLength: most.subscribers, size: 'max' },
  ),
  campaigns: fc.array(
    fc.record({
      on: someOf(most.lists),
      status: fc.constantFrom('draft', 'draft', 'running', 'paused', 'scheduled', 'finished'),
      archive: fc.boolean(),
    }),
    { minLength: 2, maxLength: most.campaigns, size: 'max' },
  ),
  bounces: fc.array(pair, { maxLength: 2 }),
  views: fc.array(pair, { maxLength: 2 }),
  caller,
})

const created_at = '2026-03-02T09:00:00.150007+00:00'
const times = { created_at, updated_at: created_at } as const
const uuidOf = (id: number): string => `${id}0-0000-4000-8000-${id}00000`

/** What stands in a thing and in nothing else. */
export const marksOf = (kind: 'list' | 'subscriber' | 'campaign', id: number): readonly string[] => [
  String(id),
  uuidOf(id),
  `${kind}-name-${id}`,
  ...(kind === 'list' ? [`text-${id}`] : [`secret-${id}`]),
  ...(kind === 'subscriber' ? [`s${id}@example.org`] : []),
]

/** Puts the plan in the place of the lists, subscribers and campaigns of `world`. */
export function furnish(world: World, plan: WorldPlan): void {
  const lists = plan.lists.map(({ optin, type }, index): ListRow => {
    const id = idOf.list + index
    return {
      id,
      uuid: uuidOf(id),
      name: `list-name-${id}`,
      type,
      optin,
      status: 'active',
      tags: [`text-${id}`],
      description: `text-${id}`,
      ...times,
    }
  })
  const held = (on: readonly number[]): ListRow[] => lists.filter((_list, index) => on.includes(index))
  const subscribers = plan.subscribers.map(({ on, status, subscription }, index): SubscriberRow => {
    const id = idOf.subscriber + index
    const row = { status: subscription, meta: {}, ...times }
    return {
      ...{ id, uuid: uuidOf(id), email: `s${id}@example.org`, name: `subscriber-name-${id}`, status, ...times },
      attribs: { secret: `secret-${id}` },
      lists: new Map(held(on).map((list) => [list.id, { ...row }])),
    }
  })
  const campaigns = plan.campaigns.map(({ on, status, archive }, index): CampaignRow => {
    const id = idOf.campaign + index
    return {
      ...{
        id,
        uuid: uuidOf(id),
        type: 'regular',
        name: `campaign-name-${id}`,
        subject: `secret-${id}`,
        status,
        archive,
        ...times,
      },
      ...{ from_email: 'a@example.org', body: `secret-${id}`, body_source: null, altbody: null, send_at: null },
      ...{
        content_type: 'plain',
        tags: [`secret-${id}`],
        headers: [],
        attribs: {},
        template_id: null,
        messenger: 'email',
      },
      ...{ archive_slug: null, archive_template_id: null, archive_meta: {}, started_at: null, to_send: 0, sent: 0 },
      ...{
        max_subscriber_id: 0,
        last_subscriber_id: 0,
        media: [],
        lists: held(on).map((list) => ({ id: list.id, name: list.name })),
      },
    }
  })
  const subscriber = (index: number): number => subscribers[index % subscribers.length]?.id ?? 0
  const campaign = (index: number): number => campaigns[index % campaigns.length]?.id ?? 0
  const byId = <T extends { readonly id: number }>(rows: readonly T[]): Map<number, T> =>
    new Map(rows.map((row) => [row.id, row]))
  const seen = plan.views.map((view, index) => ({
    ...{ id: index + 1, created_at, subscriber_id: subscriber(view.subscriber), campaign_id: campaign(view.campaign) },
  }))
  world.lists = byId(lists)
  world.subscribers = byId(subscribers)
  world.campaigns = byId(campaigns)
  world.bounces = byId(
    plan.bounces.map((bounce, index) => ({
      ...{ id: idOf.bounce + index, created_at, type: 'hard', source: 'api', meta: {} },
      ...{ subscriber_id: subscriber(bounce.subscriber), campaign_id: campaign(bounce.campaign) },
    })),
  )
  world.campaign_views = byId(seen)
  world.links = byId([{ id: idOf.link, uuid: uuidOf(idOf.link), url: 'https://example.org/one', created_at }])
  world.link_clicks = byId(seen.map((view) => ({ ...view, link_id: idOf.link })))
  Object.assign(world.next, {
    lists: idOf.list + 100,
    subscribers: idOf.subscriber + 100,
    campaigns: idOf.campaign + 100,
    bounces: idOf.bounce + 100,
  })
}

/** What a caller may see and change, said anew and in other words than the policy's. */
export interface Reach {
  readonly sees: {
    readonly list: (id: number) => boolean
    readonly subscriber: (id: number) => boolean
    readonly campaign: (id: number) => boolean
  }
  readonly readsList: (id: number) => boolean
  readonly manages: (list: number) => boolean
  readonly may: (permission: string) => boolean
}

/** What there is, and on which lists. */
interface Things {
  readonly subscribers: ReadonlyMap<number, Pick<SubscriberRow, 'lists'>>
  readonly campaigns: ReadonlyMap<number, Pick<CampaignRow, 'lists'>>
}

export function reachOf({ permissions, grants }: Caller, { subscribers, campaigns }: Things): Reach {
  const may = (permission: string): boolean => permissions.includes(permission)
  const granted = (need: 'get' | 'manage', id: number): boolean => {
    const grant = grants[id - idOf.list]
    return grant === need || grant === 'both'
  }
  const everything = may('lists:get_all') || may('lists:manage_all')
  const readsSome = grants.some((grant) => grant === 'get' || grant === 'both')
  // listmonk's rule: the lists that one reads, and where one reads none, those that one manages.
  const either = (id: number): boolean => everything || granted(readsSome ? 'get' : 'manage', id)
  const manages = (id: number): boolean => may('lists:manage_all') || granted('manage', id)
  return {
    sees: {
      list: (id) => everything || granted('get', id) || granted('manage', id),
      subscriber: (id) =>
        everything || may('subscribers:get_all') || [...(subscribers.get(id)?.lists.keys() ?? [])].some(either),
      campaign: (id) =>
        everything ||
        may('campaigns:get_all') ||
        may('campaigns:manage_all') ||
        (campaigns.get(id)?.lists ?? []).some((list) => list.id !== null && either(list.id)),
    },
    readsList: (id) => may('lists:get_all') || granted('get', id),
    manages,
    may,
  }
}
