/** Explain: what would be decided of a request, and why; and who may send it. Nothing is sent. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Static } from 'typebox'
import type { explanation } from '../../schemas/policies.ts'
import { call, withQuery, type ApiFailure } from '../api/client.ts'
import { Failure } from '../components/failure.tsx'
import { Form, problemOf, SelectField, TextArea, TextField } from '../components/fields.tsx'
import { Page, Section } from '../components/page.tsx'
import { navigate, place } from '../state/router.ts'
import { can, inTenant } from '../state/session.ts'
import { Explanation } from './explanation.tsx'
import { WhoCan } from './who-can.tsx'

export type ExplanationJson = Static<typeof explanation>

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'].map((value) => ({ value, label: value }))
const types = [
  { value: '', label: 'no body' },
  { value: 'application/json', label: 'JSON' },
  { value: 'application/x-www-form-urlencoded', label: 'a form' },
]

/** A stored thing whose lists a look-up would find. */
export interface Thing {
  readonly resource: string
  readonly key: string
  /** As typed: `3, 7`; `-`: there is no such thing. */
  readonly lists: string
}

export function ExplainPage() {
  const { query } = place.value
  const [method, setMethod] = useState(query.get('method') ?? 'GET')
  const [target, setTarget] = useState(query.get('target') ?? '')
  const [as, setAs] = useState(query.get('as') ?? '')
  const [type, setType] = useState('')
  const [text, setText] = useState('')
  const [things, setThings] = useState<readonly Thing[]>([])
  const [told, setTold] = useState<ExplanationJson>()
  const [failure, setFailure] = useState<ApiFailure>()

  const body = type === '' ? null : { type, text }
  const ask = async (stored: readonly Thing[] = things): Promise<void> => {
    // Kept in the address, so that it can be sent to somebody; a body may hold anything, and is not.
    navigate(withQuery('/explain', { method, target, as }), 'replace')
    const result = await call<ExplanationJson>('POST', inTenant('explain'), {
      body: { method, target, as: as === '' ? null : as, body, stored: stored.map(thingJson) },
    })
    setFailure(result.ok ? undefined : result.failure)
    setTold(result.ok ? result.data : undefined)
  }
  // Who comes with a question gets the answer, once.
  const first = useRef(query.get('target') === null ? undefined : ask)
  useEffect(() => void first.current?.(), [])
  return (
    <Page
      title="Explain"
      lead="What would be decided of a request, by which rule, role and list. Nothing is sent to the backend."
    >
      <Section title="Request">
        <Form label="Request" onSend={() => ask()}>
          <div class="row">
            <SelectField label="Method" value={method} onValue={setMethod} options={methods} />
            <TextField
              label="Path and query"
              value={target}
              onValue={setTarget}
              placeholder="/api/lists/3"
              spellcheck={false}
              required
              error={problemOf(failure, 'target')}
            />
            <TextField
              label="As"
              hint="The name of an API user. Empty: without credentials."
              value={as}
              onValue={setAs}
              spellcheck={false}
              autoComplete="off"
              error={problemOf(failure, 'as')}
            />
            <SelectField label="Body" value={type} onValue={setType} options={types} />
          </div>
          {type === '' ? null : <TextArea label="Body" value={text} onValue={setText} mono />}
          <button type="submit" class="button button-main">
            Explain
          </button>
        </Form>
      </Section>
      <div aria-live="polite">
        {failure === undefined ? null : <Failure failure={failure} />}
        {told === undefined ? null : (
          <Explanation
            told={told}
            things={things}
            onThings={(next) => {
              setThings(next)
              void ask(next)
            }}
          />
        )}
      </div>
      {can('users:get') && target !== '' ? <WhoCan method={method} target={target} body={body} /> : null}
    </Page>
  )
}

function thingJson({ resource, key, lists }: Thing) {
  const ids = lists
    .split(/[\s,]+/)
    .map(Number)
    .filter((id) => Number.isInteger(id) && id > 0)
  return { resource, key, lists: lists.trim() === '-' ? null : ids }
}
