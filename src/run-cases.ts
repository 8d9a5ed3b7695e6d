/** Runs the cases of `policies/cases`: who asks what, and the decision that the policy's author expects. */
import { paperJudge, type Judgement } from './judge.ts'
import { grantsOf, type Grants } from './policy/grants.ts'
import type { Case, CaseFile } from './policy/cases-language.ts'
import type { PolicySet } from './policy/rule.ts'

export interface CaseResult {
  readonly file: string
  readonly line: number
  readonly name: string
  /** What the case expected and did not get; empty when it holds. */
  readonly differences: readonly Difference[]
}

export interface Difference {
  readonly what: string
  readonly expected: unknown
  readonly found: unknown
}

/** Judges every case of every file against its policy. `nowMs` decides which `until` still holds. */
export function runCases(set: PolicySet, files: readonly CaseFile[], nowMs: number): CaseResult[] {
  return files.flatMap((file) => {
    const policy = set.policies.get(file.policy)
    return file.cases.map((each): CaseResult => {
      const place = { file: each.at.file, line: each.at.line, name: each.name }
      if (policy === undefined) {
        return { ...place, differences: [{ what: 'policy', expected: file.policy, found: [...set.policies.keys()] }] }
      }
      const judge = paperJudge(policy, file.partial ?? policy.scope.partial)
      const grants: Grants | undefined = each.as.kind === 'anonymous' ? undefined : grantsOf(each.as, file.roles, nowMs)
      return { ...place, differences: differences(each, judge.judge(grants, requestOf(each))) }
    })
  })
}

function requestOf(each: Case): Parameters<ReturnType<typeof paperJudge>['judge']>[1] {
  const body =
    each.body === undefined
      ? undefined
      : Buffer.from(typeof each.body === 'string' ? each.body : JSON.stringify(each.body))
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  return { ...each.ask, headers: { ...json, ...each.headers }, body, stored: each.stored }
}

/** Compares only what the case names. */
function differences(each: Case, judgement: Judgement): Difference[] {
  const { decision, failure, outgoing } = judgement
  const body = outgoing?.body
  const found: Readonly<Record<string, unknown>> = {
    effect: failure === undefined ? 'allow' : 'deny',
    reason: decision?.reason,
    code: failure?.code,
    status: failure?.status,
    lists: decision?.lists,
    permissions: decision?.effect === 'deny' ? decision.permissions : undefined,
    rule: judgement.rule?.id,
    sends: outgoing?.target,
    sends_body: body instanceof Buffer ? contentOf(body, outgoing?.contentType) : undefined,
  }
  return Object.entries(each.expect as Readonly<Record<string, unknown>>)
    .filter(([what, expected]) => !same(expected, found[what]))
    .map(([what, expected]) => ({ what, expected, found: found[what] }))
}

/** What JSON holds, and anything else as the text that it is. */
const contentOf = (body: Buffer, contentType: string | undefined): unknown =>
  contentType === 'application/json' ? JSON.parse(body.toString()) : body.toString()

const same = (one: unknown, other: unknown): boolean => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}
