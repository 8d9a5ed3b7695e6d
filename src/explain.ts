/** A decision in words: what was asked, which rule spoke, what was missing, and the sentence to send to the caller. Pure. */
import type { Allowed, Denied } from './model/decision.ts'
import { formatPlace } from './model/problem.ts'
import type { FieldProblem } from './model/failure.ts'
import type { Judgement } from './judge.ts'

export interface Question {
  readonly method: string
  readonly target: string
  readonly as: string
  readonly tenant: string
}

export interface Explanation extends Question {
  readonly effect: 'allow' | 'deny'
  readonly status: number | undefined
  readonly code: string | undefined
  /** The sentence that the caller gets. */
  readonly message: string | undefined
  readonly reason: string | undefined
  readonly rule: string | undefined
  /** `file:line` of the rule. */
  readonly at: string | undefined
  readonly permission: string | undefined
  readonly role: string | undefined
  readonly permissions: readonly string[]
  /** What is wrong with fields of the body. */
  readonly fields: readonly FieldProblem[]
  readonly lists: readonly number[] | 'every' | 'none'
  readonly detail: string | undefined
  /** What would be sent to the backend. */
  readonly sends: string | undefined
  readonly sends_body: string | undefined
}

export function explain(judgement: Judgement, question: Question): Explanation {
  const { rule, decision, failure, outgoing } = judgement
  const body = outgoing?.body
  return {
    ...question,
    effect: failure === undefined ? 'allow' : 'deny',
    status: failure?.status,
    code: failure?.code,
    message: failure?.message,
    reason: decision?.reason,
    rule: rule?.id,
    at: rule === undefined ? undefined : formatPlace(rule.at),
    permission: ground(decision)?.permission,
    role: ground(decision)?.role,
    permissions: decision?.effect === 'deny' ? decision.permissions : [],
    fields: failure?.options.details?.fields ?? [],
    lists: decision?.lists ?? 'none',
    detail: decision?.effect === 'deny' ? decision.detail : undefined,
    sends: outgoing === undefined ? undefined : `${question.method} ${outgoing.target}`,
    sends_body: body instanceof Buffer && outgoing?.contentType === 'application/json' ? body.toString() : undefined,
  }
}

const ground = (decision: Allowed | Denied | undefined): Allowed['ground'] | undefined =>
  decision?.effect === 'allow' ? decision.ground : undefined

/** For a terminal: a line for what is known, nothing for what is not. */
export function explanationLines(explanation: Explanation): string[] {
  const { effect, status, code, lists } = explanation
  const verdict = effect === 'allow' ? 'ALLOWED' : `REFUSED with ${String(status)} ${String(code)}`
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['caller is told', explanation.message],
    ['reason', explanation.reason],
    ['detail', explanation.detail],
    ['rule', explanation.rule === undefined ? 'no rule spoke' : `${explanation.rule} (${String(explanation.at)})`],
    ['by permission', explanation.permission],
    ['by role', explanation.role],
    ['would take', explanation.permissions.length === 0 ? undefined : explanation.permissions.join(' or ')],
    ['fields', explanation.fields.map(({ path, problem }) => `${path} ${problem}`).join('; ')],
    ['lists', typeof lists === 'string' ? lists : lists.join(', ')],
    ['sends', explanation.sends],
    ['with body', explanation.sends_body],
  ]
  return [
    `${explanation.method} ${explanation.target} as ${explanation.as} (tenant ${explanation.tenant}): ${verdict}`,
    ...rows
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => `  ${name.padEnd(14)} ${String(value)}`),
  ]
}
