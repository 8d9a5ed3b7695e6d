/** What the shipped policy decides once stored things are looked up: here in the recorded world. */
import { listIdFrom, type ListId } from '../../src/model/ids.ts'
import type { StoredReading } from '../../src/model/decision.ts'
import { isArray } from '../../src/model/json.ts'
import { decide } from '../../src/policy/decide.ts'
import type { Grants } from '../../src/policy/grants.ts'
import { routeTable } from '../../src/policy/routes.ts'
import type { Policy, StoredDemand } from '../../src/policy/rule.ts'
import { readScope, type Places } from '../../src/scope/read-scope.ts'
import { judgeBytes } from '../../src/scope/take-body.ts'
import { parseTarget } from '../../src/screen/target.ts'
import type { Recording } from './recordings.ts'
import { requestOf, type ReplayWorld } from './replay-gateway.ts'

export type LookUp = (recording: Recording, grants: Grants) => 'allow' | 'deny'

/** Decides requests that the gateway can read and that wait for a look-up; others are a mistake of the caller's. */
export function lookUpIn(policy: Policy, world: ReplayWorld): LookUp {
  const table = routeTable(policy.rules)
  return (recording, grants) => {
    const request = requestOf(recording)
    const reading = parseTarget(request.target, undefined)
    if (reading.kind !== 'target') throw new Error(`${recording.id} has no target`)
    const match = table.match(request.method, reading.target.segments)
    if (match.kind !== 'rule') throw new Error(`${recording.id} has no rule`)
    const { rule, params } = match
    const body = judgeBytes(rule, request.body ?? Buffer.alloc(0), request.headers?.['content-type'])
    const places: Places = {
      params,
      query: reading.target.query,
      body: body.kind === 'json' ? body.value : undefined,
      parts: new Map(),
    }
    const scope = readScope(rule, places)
    const readings = scope.readings.map((each, index) => {
      const demand = rule.lists[index]
      return demand?.in === 'stored' ? thingsOf(demand, places, world) : each
    })
    return decide(rule, { scope: policy.scope, partial: 'narrow' }, grants, { ...scope, readings }).effect
  }
}

function thingsOf(demand: StoredDemand, places: Places, world: ReplayWorld): StoredReading {
  const ids = idsOf(demand, places)
  return ids.length === 0
    ? { kind: 'absent' }
    : { kind: 'things', lists: ids.map((id) => listsOf(demand.resource, id, world)) }
}

function idsOf({ id: { in: place, name } }: StoredDemand, places: Places): readonly number[] {
  if (place === 'path') return [Number(places.params[name])]
  if (place === 'query')
    return places.query.flatMap(([key, value]) => (key === name && value !== '' ? [Number(value)] : []))
  const value = places.body?.[name]
  if (isArray(value)) return value.map(Number)
  return value === undefined ? [] : [Number(value)]
}

/** A thing that is not there is on no list; neither is one whose list was deleted. */
function listsOf(resource: string, id: number, world: ReplayWorld): readonly ListId[] {
  const lists =
    resource === 'subscriber'
      ? world.subscribers.find((each) => each.id === id)?.lists.map((list) => list.list_id)
      : world.campaigns.find((each) => each.id === id)?.lists.map((list) => list.id)
  return (lists ?? []).flatMap((list) => listIdFrom(list) ?? [])
}
