/** A decision as a way through the stages, with what would be needed and the sentence to send to the caller. */
import { useState } from 'preact/hooks'
import { ruleHref, userRoleHref } from '../api/paths.ts'
import { Badge, CopyButton } from '../components/bits.tsx'
import { TextField } from '../components/fields.tsx'
import { Section } from '../components/page.tsx'
import type { ExplanationJson, Thing } from './explain.tsx'

const marks = { passed: '✓', ended: '✕', 'not-reached': '·' } as const
const words = { passed: 'passed', ended: 'ended here', 'not-reached': 'not reached' } as const

interface Props {
  readonly told: ExplanationJson
  readonly things: readonly Thing[]
  readonly onThings: (things: readonly Thing[]) => void
}

export function Explanation({ told, things, onThings }: Props) {
  const isAllowed = told.effect === 'allow'
  const missing = missingThings(told.detail)
  return (
    <Section
      title={isAllowed ? 'Allowed' : `Refused with ${told.status ?? ''} ${told.code ?? ''}`}
      id="explanation"
      lead={told.reason === null ? undefined : told.reason.replaceAll('-', ' ')}
    >
      <p>{isAllowed ? <Badge tone="good">allowed</Badge> : <Badge tone="bad">refused</Badge>}</p>
      <ol class="steps">
        {told.steps.map(({ stage, outcome, says }) => (
          <li key={stage} class={`step step-${outcome}`}>
            <span class="step-mark" aria-hidden="true">
              {marks[outcome]}
            </span>
            <strong>{stage}</strong> <span class="unseen">{words[outcome]}</span>
            <span class="step-says">{says}</span>
          </li>
        ))}
      </ol>
      <Facts told={told} />
      {missing.length === 0 && things.length === 0 ? null : (
        <Stored missing={missing} things={things} onThings={onThings} />
      )}
      {told.message === null ? null : (
        <>
          <h3>To send to the caller</h3>
          <blockquote>{sentenceFor(told)}</blockquote>
          <CopyButton text={sentenceFor(told)} label="Copy the sentence" />
        </>
      )}
    </Section>
  )
}

function Facts({ told }: { readonly told: ExplanationJson }) {
  return (
    <dl class="facts">
      {told.rule === null ? null : (
        <>
          <dt>Rule</dt>
          <dd>
            <span class="mono">{told.rule}</span> {told.at === null ? null : <a href={ruleHref(told.at)}>{told.at}</a>}
          </dd>
        </>
      )}
      {told.permission === null ? null : (
        <>
          <dt>By permission</dt>
          <dd class="mono">{told.permission}</dd>
        </>
      )}
      {told.role === null ? null : (
        <>
          <dt>Of role</dt>
          <dd>{told.permission === null ? told.role : <a href={userRoleHref(told.role)}>{told.role}</a>}</dd>
        </>
      )}
      {told.permissions.length === 0 ? null : (
        <>
          <dt>Would take</dt>
          <dd class="mono">{told.permissions.join(' or ')}</dd>
        </>
      )}
      {typeof told.lists === 'string' ? null : (
        <>
          <dt>{told.effect === 'deny' ? 'Lists out of reach' : 'Lists'}</dt>
          <dd>{told.lists.join(', ') || 'none'}</dd>
        </>
      )}
      {told.fields.length === 0 ? null : (
        <>
          <dt>Fields</dt>
          <dd>{told.fields.map(({ path, problem }) => `${path} ${problem}`).join('; ')}</dd>
        </>
      )}
      {told.detail === null ? null : (
        <>
          <dt>Detail</dt>
          <dd>{told.detail}</dd>
        </>
      )}
      {told.limit === null ? null : (
        <>
          <dt>Quota</dt>
          <dd>
            {told.limit.used} of {told.limit.limit} in {told.limit.window} used, class {told.limit.class} of plan{' '}
            {told.limit.plan}
            {told.limit.cost === 1 ? '' : `; it counts as ${told.limit.cost}`}
          </dd>
        </>
      )}
      {told.sends_body === null ? null : (
        <>
          <dt>Body sent</dt>
          <dd class="mono">{told.sends_body}</dd>
        </>
      )}
    </dl>
  )
}

/** `would look up subscriber 18, campaign 3`. */
function missingThings(detail: string | null): readonly { readonly resource: string; readonly key: string }[] {
  const found = /^would look up (.*)$/.exec(detail ?? '')?.[1]
  if (found === undefined) return []
  return found.split(', ').map((thing) => {
    const space = thing.indexOf(' ')
    return { resource: thing.slice(0, space), key: thing.slice(space + 1) }
  })
}

interface StoredProps {
  readonly missing: readonly { readonly resource: string; readonly key: string }[]
  readonly things: readonly Thing[]
  readonly onThings: (things: readonly Thing[]) => void
}

function Stored({ missing, things, onThings }: StoredProps) {
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({})
  const all = [...things, ...missing.map((thing) => ({ ...thing, lists: '' }))]
  const keyOf = ({ resource, key }: { readonly resource: string; readonly key: string }): string => `${resource} ${key}`
  return (
    <form
      aria-label="Stored things"
      onSubmit={(event) => {
        event.preventDefault()
        onThings(all.map((thing) => ({ ...thing, lists: typed[keyOf(thing)] ?? thing.lists })))
      }}
    >
      <h3>On which lists are they?</h3>
      <p class="muted">The backend would be asked. Say what it would find, and the decision is made on that.</p>
      <div class="row">
        {all.map((thing) => (
          <TextField
            key={keyOf(thing)}
            label={`Lists of ${keyOf(thing)}`}
            hint="Ids, as in 3, 7; - where there is no such thing."
            value={typed[keyOf(thing)] ?? thing.lists}
            onValue={(value) => setTyped({ ...typed, [keyOf(thing)]: value })}
          />
        ))}
      </div>
      <button type="submit" class="button">
        Decide again
      </button>
    </form>
  )
}

/** What somebody who was refused can do something with. */
function sentenceFor({ status, code, message, permissions, lists, rule }: ExplanationJson): string {
  const needs = permissions.length === 0 ? '' : ` It takes the permission ${permissions.join(' or ')}.`
  const out = typeof lists === 'string' || lists.length === 0 ? '' : ` Lists out of your reach: ${lists.join(', ')}.`
  const asked = rule === null ? 'Your request' : `${rule}`
  return `${asked} is refused with ${String(status)} (${String(code)}): ${String(message)}.${needs}${out}`
}
