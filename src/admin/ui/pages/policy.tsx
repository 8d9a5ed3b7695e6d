/** The policy in force: its routes, and its files with every line to point at. Read here, changed in its files. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Static } from 'typebox'
import type { policyBook, policySource } from '../../schemas/policies.ts'
import { withQuery } from '../api/client.ts'
import { ruleHref } from '../api/paths.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge } from '../components/bits.tsx'
import { SelectField, TextField } from '../components/fields.tsx'
import { Page, Section, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { navigate, place } from '../state/router.ts'
import { inTenant } from '../state/session.ts'
import { DraftCheck } from './draft-check.tsx'
import { yamlSpans } from './yaml-spans.ts'

type Book = Static<typeof policyBook>
type Route = Book['policy']['routes'][number]

export function PolicyPage() {
  const book = useResource<Book>(inTenant('policy'))
  return (
    <Page title="Policy" lead="What a reviewer reads in a pull request. A route that no rule names is refused.">
      <ResourceView resource={book} what="the policy">
        {({ policy, files }) => (
          <>
            <Routes policy={policy} />
            <Files files={files} first={policy.file} />
          </>
        )}
      </ResourceView>
    </Page>
  )
}

function Routes({ policy }: { readonly policy: Book['policy'] }) {
  const [search, setSearch] = useState('')
  const words = search.trim().toLowerCase().split(/\s+/)
  const shown = policy.routes.filter((route) => words.every((word) => textOf(route).includes(word)))
  return (
    <Section
      title={`Routes of ${policy.name}`}
      lead={`${policy.routes.length} routes; requests that name some lists out of reach: ${policy.partial}.`}
    >
      <form class="filters" role="search" aria-label="Routes" onSubmit={(event) => event.preventDefault()}>
        <TextField
          label="Search"
          type="search"
          value={search}
          onValue={setSearch}
          placeholder="GET lists, campaigns:manage, heavy"
        />
      </form>
      <p class="muted small" role="status">
        {shown.length} of {policy.routes.length}
      </p>
      <div class="tall">
        <Wide label="Routes">
          <table>
            <thead>
              <tr>
                <th scope="col">Route</th>
                <th scope="col">Who</th>
                <th scope="col">Lists</th>
                <th scope="col">Class</th>
                <th scope="col">Rule</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((route) => (
                <tr key={route.id}>
                  <th scope="row" class="mono">
                    {route.id}
                  </th>
                  <td class="small">{typeof route.allow === 'string' ? route.allow : route.allow.join(' or ')}</td>
                  <td>{route.scoped ? <Badge>judged by lists</Badge> : <span class="muted">–</span>}</td>
                  <td>
                    {route.limit}
                    {route.cost === 1 ? '' : ` × ${route.cost}`}
                  </td>
                  <td>
                    <a href={ruleHref(`${policy.file}:${route.line}`)}>line {route.line}</a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      </div>
    </Section>
  )
}

const textOf = ({ id, allow, limit }: Route): string =>
  `${id} ${typeof allow === 'string' ? allow : allow.join(' ')} ${limit}`.toLowerCase()

function Files({ files, first }: { readonly files: readonly string[]; readonly first: string }) {
  const asked = place.value.query.get('file') ?? ''
  const file = files.includes(asked) ? asked : first
  const source = useResource<Static<typeof policySource>>(withQuery(inTenant('policy/file'), { file }))
  return (
    <Section title="Files" id="files">
      <SelectField
        label="File"
        value={file}
        onValue={(next) => navigate(withQuery('/policy', { file: next }), 'replace')}
        options={files.map((name) => ({ value: name, label: name }))}
      />
      <ResourceView resource={source} what={file}>
        {(data) => (
          <>
            <Source key={data.file} {...data} />
            <DraftCheck key={`draft ${data.file}`} {...data} />
          </>
        )}
      </ResourceView>
    </Section>
  )
}

function Source({ file, text }: { readonly file: string; readonly text: string }) {
  const lines = useMemo(() => text.split('\n'), [text])
  const { hash } = place.value
  const marked = /^L([0-9]+)$/.exec(hash)?.[1]
  useEffect(() => {
    if (marked === undefined) return
    const line = document.getElementById(`L${marked}`)
    line?.scrollIntoView({ block: 'center' })
    line?.focus({ preventScroll: true })
  }, [marked, text])
  return (
    <div class="source" role="region" aria-label={file} tabIndex={0}>
      <ol>
        {lines.map((line, at) => {
          const number = at + 1
          return (
            <li key={number} id={`L${number}`} tabIndex={-1} class={String(number) === marked ? 'marked' : undefined}>
              <code>
                {yamlSpans(line).map((span, index) => (
                  <span key={index} class={span.kind === 'plain' ? undefined : `yaml-${span.kind}`}>
                    {span.text}
                  </span>
                ))}
              </code>
            </li>
          )
        })}
      </ol>
    </div>
  )
}
