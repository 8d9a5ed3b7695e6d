/** Whether an answer shows, or a write changes, anything outside the caller's lists. */
import type { Effect } from '../contracts/recordings.ts'
import { idOf, marksOf, type Reach } from './worlds.ts'
import type { Ask } from './worlds-requests.ts'

const kinds = { list: 6, subscriber: 7, campaign: 5 } as const

/** Marks of things that were out of reach before and after, and stand in the answer; those of the request itself aside. */
export function leaksIn(text: string, { target, body = '' }: Ask, before: Reach, after: Reach): readonly string[] {
  const said = decodeURIComponent(target.replaceAll('+', ' ')) + body
  return (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((kind) =>
    Array.from({ length: kinds[kind] }, (_none, index) => idOf[kind] + index)
      .filter((id) => !before.sees[kind](id) && !after.sees[kind](id))
      .flatMap((id) => marksOf(kind, id))
      .filter((mark) => text.includes(mark) && !said.includes(mark)),
  )
}

/** How the world stood before the write that is judged. */
export interface Before {
  readonly reach: Reach
  readonly listsOf: (subscriber: number) => readonly number[]
  readonly campaignLists: (campaign: number) => readonly number[]
  /** Of a bounce. */
  readonly subscriberOf: (bounce: number) => number
  readonly isNew: (kind: 'subscriber' | 'campaign', id: number) => boolean
}

/** The effects that reach beyond what the caller manages. */
export function trespasses(effects: readonly Effect[], before: Before): readonly Effect[] {
  const gone = new Set(
    effects.flatMap(({ table, op, key }) => (table === 'lists' && op === 'delete' ? [Number(key['id'])] : [])),
  )
  return effects.filter((effect) => !isWithin(effect, effects, gone, before))
}

function isWithin(
  { table, op, key, set }: Effect,
  all: readonly Effect[],
  gone: ReadonlySet<number>,
  before: Before,
): boolean {
  const { reach, listsOf, campaignLists, isNew, subscriberOf } = before
  const id = Number(key['id'])
  const everyOf = (lists: readonly number[]): boolean =>
    reach.may('lists:manage_all') || (lists.length > 0 && lists.every(reach.manages))
  switch (table) {
    case 'lists':
      return op === 'insert' ? reach.may('lists:manage_all') : reach.manages(id)
    case 'subscribers': {
      if (op === 'insert') return true
      const changed = (set ?? {}) as { readonly status?: string }
      const isWhole = op === 'delete' || (changed.status !== undefined && changed.status !== 'enabled')
      if (isWhole) return everyOf(listsOf(id))
      return reach.sees.subscriber(id) && (reach.may('lists:manage_all') || listsOf(id).some(reach.manages))
    }
    case 'subscriber_lists': {
      const subscriber = Number(key['subscriber_id'])
      const list = Number(key['list_id'])
      return (
        reach.manages(list) && (gone.has(list) || isNew('subscriber', subscriber) || reach.sees.subscriber(subscriber))
      )
    }
    case 'campaigns':
      return op === 'insert' || reach.may('campaigns:manage_all') || everyOf(campaignLists(id))
    case 'campaign_lists': {
      const list = Number(key['list_id'])
      // A list's new name is copied.
      const isNameless = key['list_id'] === null
      if (op !== 'delete' && !isNameless) return reach.manages(list)
      const campaign = Number(key['campaign_id'])
      // A list that is deleted leaves its name behind.
      if (isNameless && gone.size > 0) return true
      return gone.has(list)
        ? reach.manages(list)
        : reach.may('campaigns:manage_all') || everyOf(campaignLists(campaign))
    }
    case 'bounces': {
      const wentWith = all.some(
        (other) => (other.table === 'subscribers' || other.table === 'campaigns') && other.op === 'delete',
      )
      return op !== 'insert' && (wentWith || everyOf(listsOf(subscriberOf(id))))
    }
    case 'campaign_views':
    case 'link_clicks':
      // These follow what they are of; that is judged where it stands.
      return all.some(
        (other) => (other.table === 'subscribers' || other.table === 'campaigns') && other.op === 'delete',
      )
    default:
      return false
  }
}
