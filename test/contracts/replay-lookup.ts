/** What the shipped policy decides once stored things are looked up: here in the recorded world. */
import { paperJudge } from '../../src/judge.ts'
import type { FoundThings } from '../../src/model/decision.ts'
import { listIdFrom, type ListId } from '../../src/model/ids.ts'
import type { Grants } from '../../src/policy/grants.ts'
import type { Policy } from '../../src/policy/rule.ts'
import type { Recording } from './recordings.ts'
import { requestOf, type ReplayWorld } from './replay-gateway.ts'

export interface LookedUp {
  readonly effect: 'allow' | 'deny'
  /** The lists that are sent, where the request holds some. */
  readonly lists: readonly number[] | undefined
}

export type LookUp = (recording: Recording, grants: Grants) => LookedUp

export function lookUpIn(policy: Policy, world: ReplayWorld): LookUp {
  const paper = paperJudge(policy, 'narrow')
  const stored = storedIn(world)
  return (recording, grants) => {
    const { failure, outgoing } = paper.judge(grants, { ...requestOf(recording), stored })
    const isJson = outgoing?.contentType === 'application/json' && outgoing.body instanceof Buffer
    const body = isJson ? (JSON.parse(String(outgoing.body)) as { lists?: readonly number[] }) : {}
    return { effect: failure === undefined ? 'allow' : 'deny', lists: body.lists }
  }
}

/** Every thing of the world; what is not there has been looked for, too. A list that was deleted has no id. */
function storedIn({ subscribers, campaigns }: ReplayWorld): FoundThings {
  const lists = (ids: readonly (number | null)[]): readonly ListId[] => ids.flatMap((id) => listIdFrom(id) ?? [])
  const known = subscribers.map((each) => [each, lists(each.lists.map(({ list_id }) => list_id))] as const)
  return new Map([
    ['subscriber', total(known.map(([{ id }, ids]) => [String(id), ids]))],
    ['subscriber_email', total(known.map(([{ email }, ids]) => [email.toLowerCase(), ids]))],
    ['campaign', total(campaigns.map((each) => [String(each.id), lists(each.lists.map(({ id }) => id))]))],
  ])
}

const total = (entries: readonly (readonly [string, readonly ListId[]])[]) =>
  Object.assign(new Map<string, readonly ListId[] | undefined>(entries), { has: () => true })
