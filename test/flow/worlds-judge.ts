/** Whether an answer shows, or a write changes, anything outside the caller's lists. */
import type { Effect } from '../contracts/recordings.ts'
import type { Reach } from './worlds.ts'
import type { Ask } from './worlds-requests.ts'

/** Marks of things that are there, out of reach before and after, and stand in the answer; those of the request itself aside. */
export function leaksIn(text: string, { target, body = '' }: Ask, before: Before, after: Reach): readonly string[] {
  const said = decodeURIComponent(target.replaceAll('+', ' ')) + body
  return (['list', 'subscriber', 'campaign'] as const).flatMap((kind) =>
    before
      .marks(kind)
      .filter(([id]) => !before.reach.sees[kind](id) && !after.sees[kind](id))
      .flatMap(([, marks]) => marks)
      .filter((mark) => text.includes(mark) && !said.includes(mark)),
  )
}

/** How the world stood before the write that is judged. */
export interface Before {
  readonly reach: Reach
  /** Of what there is: what stands in it and in nothing else, by its id. */
  readonly marks: (kind: 'list' | 'subscriber' | 'campaign') => readonly (readonly [number, readonly string[]])[]
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
