/** The way of a judged request through the stages, a sentence for each. Pure. */
import type { Explanation } from '../explain.ts'
import type { Judgement } from '../judge.ts'
import type { FailureCode } from '../model/failure.ts'
import type { Identity } from '../model/identity.ts'

export type StageName = 'screen' | 'authenticate' | 'authorize' | 'limit' | 'scope' | 'forward'

export interface Step {
  readonly stage: StageName
  readonly outcome: 'passed' | 'ended' | 'not-reached'
  readonly says: string
}

const stages: readonly StageName[] = ['screen', 'authenticate', 'authorize', 'limit', 'scope', 'forward']

export function stepsOf(judgement: Judgement, told: Explanation, identity: Identity | undefined): Step[] {
  const end = endOf(judgement)
  const endsAt = stages.indexOf(end)
  return stages.map((stage, at) => {
    if (at > endsAt) return { stage, outcome: 'not-reached', says: '' }
    const isEnd = stage === end && judgement.failure !== undefined
    const says = isEnd ? refusal(stage, told, identity) : passage(stage, told, identity)
    return { stage, outcome: isEnd ? 'ended' : 'passed', says }
  })
}

/** The stage in which the request ends; `forward` for one that is allowed. */
function endOf({ failure, decision, rule }: Judgement): StageName {
  if (failure === undefined) return 'forward'
  const known = endsIn[failure.code]
  if (known !== undefined) return known
  // Refused before any body is read, or by what the request touches.
  if (decision?.effect === 'deny') {
    // With a detail it is a parameter that asks for more.
    return decision.detail === undefined && beforeScope.includes(decision.reason) ? 'authorize' : 'scope'
  }
  return rule === undefined ? 'screen' : 'scope'
}

const beforeScope: readonly string[] = ['permission-missing', 'credentials-missing', 'gone']

const endsIn: Partial<Record<FailureCode, StageName>> = {
  'target-ambiguous': 'screen',
  'target-too-long': 'screen',
  'header-invalid': 'screen',
  'header-duplicate': 'screen',
  'credentials-missing': 'authenticate',
  'credentials-invalid': 'authenticate',
  'route-unknown': 'authorize',
  'method-not-allowed': 'authorize',
  gone: 'authorize',
}

function refusal(stage: StageName, { status, code, message }: Explanation, identity: Identity | undefined): string {
  // Only whose tokens are all refused gets this far without credentials.
  if (stage === 'authenticate' && identity !== undefined) {
    return identity.kind === 'api'
      ? `${identity.name} is disabled: every token of theirs is refused`
      : `${identity.name} is a person: people hold no tokens`
  }
  return `refused with ${String(status)} ${String(code)}: ${String(message)}`
}

function passage(stage: StageName, told: Explanation, identity: Identity | undefined): string {
  switch (stage) {
    case 'screen':
      return 'the request can be read in one way'
    case 'authenticate':
      if (identity === undefined) return 'no credentials are given'
      return `a valid token of ${identity.name} is assumed`
    case 'authorize':
      return `the rule ${told.rule ?? '?'} (${told.at ?? '?'}) lets ${identity === undefined ? 'anybody' : identity.name} in`
    case 'limit':
      return 'assumed to be within the quota'
    case 'scope':
      return touched(told)
    case 'forward':
      return told.sends === undefined ? 'answered by the gateway itself' : `${told.sends} is sent to the backend`
  }
}

function touched({ lists, role }: Explanation): string {
  const by = role === undefined ? '' : `, by ${role}`
  if (lists === 'none') return 'no list is touched'
  return lists === 'every' ? `every list is in reach${by}` : `lists ${lists.join(', ')} are in reach${by}`
}
