/** The state of the demo backend: tables as listmonk's database holds them, seeded from `world.json`. */
import seed from '../world.json' with { type: 'json' }
import type { Json } from './json.ts'
import type {
  BounceRow,
  CampaignRow,
  ClickRow,
  LinkRow,
  ListRow,
  MediaRow,
  RoleRow,
  SubscriberRow,
  Subscription,
  TemplateRow,
  UserRow,
  ViewRow,
} from './rows.ts'

export interface World {
  lists: Map<number, ListRow>
  subscribers: Map<number, SubscriberRow>
  campaigns: Map<number, CampaignRow>
  bounces: Map<number, BounceRow>
  campaign_views: Map<number, ViewRow>
  link_clicks: Map<number, ClickRow>
  links: Map<number, LinkRow>
  templates: Map<number, TemplateRow>
  media: Map<number, MediaRow>
  roles: Map<number, RoleRow>
  users: Map<number, UserRow>
  settings: Map<string, Json>
  /** The next id of each table: like a database sequence it never goes back, also not for rows that were not inserted. */
  next: Record<Table, number>
  /** Every mail that would have been sent: `[recipient, subject]`. */
  mails: [string, string][]
  importing: { name: string; total: number; imported: number; status: string; log: string }
}

export type Table =
  | 'lists'
  | 'subscribers'
  | 'campaigns'
  | 'bounces'
  | 'campaign_views'
  | 'link_clicks'
  | 'links'
  | 'templates'
  | 'media'
  | 'roles'
  | 'users'

/** A fresh world in the recorded state. Two calls share nothing. */
export function initialWorld(): World {
  const data = structuredClone(seed) as unknown as Seed
  const lists = byId(data.lists)
  const roles = byId([...data.user_roles.map(userRole), ...data.list_roles.flatMap(listRole)])
  const tables = {
    lists,
    subscribers: byId(data.subscribers.map(subscriber)),
    campaigns: byId(data.campaigns),
    bounces: byId(data.bounces),
    campaign_views: byId(data.campaign_views),
    link_clicks: byId(data.link_clicks),
    links: byId(data.links),
    templates: byId(data.templates),
    media: byId(data.media),
    roles,
    users: byId(data.users.map(user)),
  }
  const next = Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [table, Math.max(0, ...rows.keys()) + 1]),
  ) as Record<Table, number>
  return {
    ...tables,
    settings: new Map(data.settings.map(({ key, value }) => [key, value])),
    next,
    mails: [],
    importing: { name: '', total: 0, imported: 0, status: 'none', log: '' },
  }
}

/** The id of a row to be inserted into `table`. */
export function nextId(world: World, table: Table): number {
  return world.next[table]++
}

interface SeedSubscription extends Subscription {
  list_id: number
}

interface Seed {
  lists: ListRow[]
  subscribers: (Omit<SubscriberRow, 'lists'> & { lists: SeedSubscription[] })[]
  campaigns: CampaignRow[]
  bounces: BounceRow[]
  campaign_views: ViewRow[]
  link_clicks: ClickRow[]
  links: LinkRow[]
  templates: TemplateRow[]
  media: MediaRow[]
  user_roles: { id: number; name: string; permissions: string[] }[]
  list_roles: { id: number; name: string; lists: { id: number; permissions: string[] }[] }[]
  users: Pick<UserRow, 'id' | 'username' | 'email' | 'name' | 'type' | 'status' | 'user_role_id' | 'list_role_id'>[]
  settings: { key: string; value: Json }[]
}

function byId<T extends { readonly id: number }>(rows: readonly T[]): Map<number, T> {
  return new Map(rows.toSorted((a, b) => a.id - b.id).map((row) => [row.id, row]))
}

function subscriber(row: Seed['subscribers'][number]): SubscriberRow {
  const lists = row.lists
    .toSorted((a, b) => a.list_id - b.list_id)
    .map(({ list_id, ...rest }): [number, Subscription] => [list_id, rest])
  return { ...row, lists: new Map(lists) }
}

function userRole({ id, name, permissions }: Seed['user_roles'][number]): RoleRow {
  return { id, type: 'user', parent_id: null, list_id: null, name, permissions, ...seedTimes(id, 2) }
}

/** The rows of a list role's lists follow it: that is how they were inserted. */
function listRole({ id, name, lists }: Seed['list_roles'][number]): RoleRow[] {
  return [
    { id, type: 'list', parent_id: null, list_id: null, name, permissions: [], ...seedTimes(id, 2) },
    ...lists.map((list, index) => ({
      id: id + 1 + index,
      type: 'list',
      parent_id: id,
      list_id: list.id,
      name: null,
      permissions: list.permissions,
      ...seedTimes(id + 1 + index, 2),
    })),
  ]
}

function user(row: Seed['users'][number]): UserRow {
  const { id, username, email, name, type, status, user_role_id, list_role_id } = row
  return {
    ...{ id, username, email, name, type, status, user_role_id, list_role_id },
    ...{ password: null, password_login: type === 'user', avatar: null, twofa_type: 'none', twofa_key: null },
    ...{ loggedin_at: null, ...seedTimes(id, 0) },
  }
}

/** The recorded database spread its times by id so that every order is a total one; roles and users follow the same rule. */
function seedTimes(id: number, shift: number): { created_at: string; updated_at: string } {
  const at = (hours: number, turn: number): string => {
    const seconds = new Date(Date.UTC(2026, 2, 2, 8) + (id + hours) * 3_600_000).toISOString().slice(0, 19)
    const micros = String((turn % 7) * 150_000 + (id % 3) * 7).padStart(6, '0')
    return `${seconds}.${micros}`.replace(/\.?0+$/, '') + '+00:00'
  }
  return { created_at: at(0, id), updated_at: at(30, id + shift) }
}
