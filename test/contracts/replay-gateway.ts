/** What the shipped policy makes of a recorded request, for each user of the recorded world: the pure code alone, no server. */
import { readFileSync } from 'node:fs'
import { paperJudge, type PaperRequest } from '../../src/judge.ts'
import { grantsOf, superseding, type Grants } from '../../src/policy/grants.ts'
import type { ListGrant, ListScope, Policy, Rule } from '../../src/policy/rule.ts'
import type { Recording } from './recordings.ts'

export interface WorldUser {
  readonly username: string
  readonly status: string
  readonly permissions: readonly string[]
  readonly lists: readonly { readonly id: number; readonly permissions: readonly string[] }[]
}

export interface ReplayWorld {
  readonly users: readonly WorldUser[]
  readonly lists: readonly { readonly id: number }[]
  readonly subscribers: readonly {
    readonly id: number
    readonly uuid: string
    readonly email: string
    readonly lists: readonly { readonly list_id: number }[]
  }[]
  /** `null` is a list that was deleted. */
  readonly campaigns: readonly { readonly id: number; readonly lists: readonly { readonly id: number | null }[] }[]
}

export const readWorld = (): ReplayWorld =>
  JSON.parse(readFileSync(new URL('../../src/demo/world.json', import.meta.url), 'utf8')) as ReplayWorld

const at = { file: 'world.json', line: 1 }

/** The grants of a user of the world: their user role's permissions and their list role. */
export function grantsOfUser(user: WorldUser): Grants {
  const grants = user.lists.map(({ id, permissions }): ListGrant => ({
    list: id,
    get: permissions.includes('list:get'),
    manage: permissions.includes('list:manage'),
    until: undefined,
  }))
  const roles = {
    userRoles: new Map([['role', { name: 'role', permissions: user.permissions, admin: [], at }]]),
    listRoles: new Map([['lists', { name: 'lists', grants, at }]]),
  }
  return grantsOf({ roles: ['role'], listRoles: ['lists'] }, roles, 0)
}

export type Outcome =
  /** `waits`: only a look-up could tell; the rule refuses until there is one. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string | undefined; readonly waits: boolean }
  | { readonly kind: 'sent'; readonly target: string; readonly body: Sent }
  /** The gateway answers itself: nothing goes to the backend. */
  | { readonly kind: 'own' }

/** What goes out as the body; of an import, its `params`. `as-received`: the caller's own bytes. */
export type Sent =
  | { readonly kind: 'none' }
  | { readonly kind: 'as-received' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'form'; readonly pairs: readonly (readonly [string, string])[] }

export type Gateway = (recording: Recording, grants: Grants | undefined) => Outcome

/** The gateway's way of a request from its target to what is sent, under `partial: narrow`. */
export function gatewayOf(policy: Policy): Gateway {
  const paper = paperJudge(policy, 'narrow')
  return (recording, grants) => {
    const { rule, decision, failure, outgoing } = paper.judge(grants, requestOf(recording))
    if (failure === undefined && rule?.own !== undefined) return { kind: 'own' }
    if (failure !== undefined || rule === undefined || outgoing === undefined) {
      const reason = decision?.effect === 'deny' ? decision.reason : undefined
      const waits =
        reason === 'scope-unreadable' &&
        rule !== undefined &&
        grants !== undefined &&
        needsMore(rule, policy.scope, grants)
      return { kind: 'refused', code: failure?.code ?? 'none', reason, waits }
    }
    return { kind: 'sent', target: outgoing.target, body: sentBody(rule, outgoing.body) }
  }
}

/** Whether the rule looks at stored things for this caller. */
function needsMore(rule: Rule, scope: ListScope, grants: Grants): boolean {
  return rule.lists.some(
    (demand) => demand.in === 'stored' && superseding(grants, scope, demand.need, demand.unless) === undefined,
  )
}

function sentBody(rule: Rule, body: 'none' | 'stream' | Buffer): Sent {
  if (body === 'none') return { kind: 'none' }
  if (body === 'stream') return { kind: 'as-received' }
  const text = body.toString('latin1')
  const params = /name="params"\r\n\r\n([^\r]*)\r\n/.exec(text)?.[1]
  if (rule.body.kind === 'multipart')
    return params === undefined ? { kind: 'as-received' } : { kind: 'json', value: JSON.parse(params) }
  // JSON in a part beside files: the rest of it is as it came.
  if (rule.body.kind === 'json' && text.startsWith('--')) return { kind: 'as-received' }
  if (rule.body.kind === 'form') return { kind: 'form', pairs: [...new URLSearchParams(body.toString())] }
  return { kind: 'json', value: JSON.parse(body.toString()) }
}

export function bodyOf(recording: Recording): Buffer {
  if (recording.body_b64 !== undefined) return Buffer.from(recording.body_b64, 'base64')
  return Buffer.from(recording.body ?? '')
}

export function requestOf(recording: Recording): PaperRequest {
  const headers = Object.fromEntries((recording.headers ?? []).map(([name, value]) => [name.toLowerCase(), value]))
  const body = bodyOf(recording)
  return { method: recording.method, target: recording.target, headers, ...(body.length === 0 ? {} : { body }) }
}
