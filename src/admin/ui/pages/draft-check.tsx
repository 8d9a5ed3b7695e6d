/** A draft of a file: checked as if it stood in the folder, before anybody puts it there. */
import { useState } from 'preact/hooks'
import type { Static } from 'typebox'
import type { draftVerdict } from '../../schemas/policies.ts'
import { call, type ApiFailure } from '../api/client.ts'
import { Failure } from '../components/failure.tsx'
import { Form, TextArea } from '../components/fields.tsx'
import { Wide } from '../components/page.tsx'
import { inTenant } from '../state/session.ts'

type Verdict = Static<typeof draftVerdict>

export function DraftCheck({ file, text }: { readonly file: string; readonly text: string }) {
  const [draft, setDraft] = useState(text)
  const [verdict, setVerdict] = useState<Verdict>()
  const [failure, setFailure] = useState<ApiFailure>()
  const [isBusy, setBusy] = useState(false)
  const check = async (): Promise<void> => {
    setBusy(true)
    const body = { files: [{ name: file.split('/').at(-1) ?? file, text: draft }] }
    const result = await call<Verdict>('POST', inTenant('policy/check'), { body })
    setBusy(false)
    setFailure(result.ok ? undefined : result.failure)
    setVerdict(result.ok ? result.data : undefined)
  }
  return (
    <details>
      <summary>Try a draft of {file}</summary>
      <Form label="Draft" onSend={check}>
        <TextArea
          label="Draft"
          hint="Nothing is saved: it is only checked, and compared with what is in force."
          value={draft}
          onValue={setDraft}
          rows={18}
          mono
        />
        <button type="submit" class="button" disabled={isBusy}>
          {isBusy ? 'Checking …' : 'Check the draft'}
        </button>
      </Form>
      <div aria-live="polite">
        {failure === undefined ? null : <Failure failure={failure} />}
        {verdict === undefined ? null : <Told verdict={verdict} />}
      </div>
    </details>
  )
}

function Told({ verdict: { problems, diff } }: { readonly verdict: Verdict }) {
  if (problems.length > 0) {
    return (
      <div class="notice notice-bad">
        <p>
          <strong>
            {problems.length} {problems.length === 1 ? 'mistake' : 'mistakes'}
          </strong>
        </p>
        <ul>
          {problems.map((problem) => (
            <li key={`${problem.file}:${problem.line}:${problem.key}:${problem.message}`}>
              <code>
                {problem.file}:{problem.line}
              </code>{' '}
              {problem.key === '' ? '' : `${problem.key}: `}
              {problem.message}. <span class="muted">{problem.remedy}.</span>
            </li>
          ))}
        </ul>
      </div>
    )
  }
  if (diff === null) return null
  if (diff.is_same) {
    return (
      <p class="notice notice-good">
        It is right, and nobody gets another answer ({diff.judged.toLocaleString()} decisions compared).
      </p>
    )
  }
  return (
    <div class="notice notice-warn">
      <p>
        <strong>It is right, and decides otherwise:</strong> {diff.opened.toLocaleString()} judged requests would be
        allowed that are refused now, {diff.closed.toLocaleString()} refused that are allowed,{' '}
        {diff.different.toLocaleString()} answered otherwise, of {diff.judged.toLocaleString()}.
      </p>
      <Wide label="Routes that differ">
        <ul class="mono small">
          {diff.routes.map(({ route, kind }) => (
            <li key={route}>
              {route} <span class="muted">{kind}</span>
            </li>
          ))}
        </ul>
      </Wide>
      <p class="muted small">
        <code>sallyport diff</code> says who, for every role and shape of a request.
      </p>
    </div>
  )
}
