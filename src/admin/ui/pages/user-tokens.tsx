/** Tokens of a user: made, rotated, revoked. */
import { useState } from 'preact/hooks'
import type { ShownToken, Token } from '../../schemas/tokens.ts'
import type { User } from '../../schemas/users.ts'
import { call } from '../api/client.ts'
import { useResource } from '../api/use-resource.ts'
import { Badge, Time, type Tone } from '../components/bits.tsx'
import { Confirm } from '../components/dialog.tsx'
import { Empty, Section, Wide } from '../components/page.tsx'
import { ResourceView } from '../components/resource-view.tsx'
import { can } from '../state/session.ts'
import { tell } from '../state/toasts.ts'
import { NewTokenDialog, RotateDialog, SecretDialog } from './token-dialogs.tsx'

type Open =
  | { readonly kind: 'new' }
  | { readonly kind: 'secret'; readonly made: ShownToken }
  | { readonly kind: 'rotate' | 'revoke'; readonly token: Token }

const tones: Readonly<Record<Token['state'], Tone>> = {
  valid: 'good',
  waiting: 'plain',
  expired: 'warn',
  revoked: 'bad',
}

export function UserTokens({ path, user }: { readonly path: string; readonly user: User }) {
  const tokens = useResource<{ readonly results: readonly Token[] }>(`${path}/tokens`)
  const [open, setOpen] = useState<Open>()
  const close = (): void => setOpen(undefined)
  const made = (token: ShownToken): void => {
    setOpen({ kind: 'secret', made: token })
    tokens.reload()
  }
  return (
    <Section
      title="Tokens"
      lead="What the user proves themselves with. Several may be valid at once, so that rotation overlaps."
      actions={
        can('tokens:manage') ? (
          <button type="button" class="button button-main" onClick={() => setOpen({ kind: 'new' })}>
            New token
          </button>
        ) : undefined
      }
    >
      <ResourceView resource={tokens} what="tokens">
        {({ results }) =>
          results.length === 0 ? (
            <Empty title="No token yet.">
              <p>Without one, {user.name} cannot call anything.</p>
            </Empty>
          ) : (
            <TokenTable tokens={results} onOpen={setOpen} />
          )
        }
      </ResourceView>
      {open?.kind === 'new' ? <NewTokenDialog user={user.name} onClose={close} onMade={made} /> : null}
      {open?.kind === 'secret' ? <SecretDialog user={user.name} made={open.made} onClose={close} /> : null}
      {open?.kind === 'rotate' ? (
        <RotateDialog user={user.name} token={open.token} onClose={close} onMade={made} />
      ) : null}
      {open?.kind === 'revoke' ? (
        <Confirm
          title={`Revoke ${nameOf(open.token)}?`}
          verb="Revoke"
          act={() => call('DELETE', `${path}/tokens/${open.token.id}`)}
          onDone={() => {
            tell(`${nameOf(open.token)} is revoked.`)
            close()
            tokens.reload()
          }}
          onClose={close}
        >
          <p>
            It was last used <Time at={open.token.last_used_at} />. Whoever uses it is refused from now on: at once
            here, within a second on other processes. It cannot be brought back.
          </p>
        </Confirm>
      ) : null}
    </Section>
  )
}

const nameOf = ({ label, id }: Token): string => (label === '' ? `token ${id}` : `“${label}”`)

function TokenTable({ tokens, onOpen }: { readonly tokens: readonly Token[]; readonly onOpen: (open: Open) => void }) {
  // What holds comes first, then what came last.
  const sorted = tokens.toSorted(
    (one, other) => Number(other.state === 'valid') - Number(one.state === 'valid') || other.id - one.id,
  )
  return (
    <Wide label="Tokens">
      <table>
        <thead>
          <tr>
            <th scope="col">Token</th>
            <th scope="col">State</th>
            <th scope="col">Made</th>
            <th scope="col">Expires</th>
            <th scope="col">Last used</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((token) => (
            <tr key={token.id} class={token.state === 'revoked' || token.state === 'expired' ? 'off' : undefined}>
              <th scope="row">
                {token.label === '' ? <span class="muted">no label</span> : token.label}{' '}
                <span class="muted small">id {token.id}</span>
              </th>
              <td>
                <Badge tone={tones[token.state]}>{token.state}</Badge>{' '}
                {token.state === 'waiting' ? <Time at={token.not_before} /> : null}
              </td>
              <td>
                <Time at={token.created_at} />
              </td>
              <td>
                {token.revoked_at === null ? (
                  <Time at={token.expires_at} />
                ) : (
                  <>
                    revoked <Time at={token.revoked_at} />
                  </>
                )}
              </td>
              <td>
                <Time at={token.last_used_at} />
              </td>
              <td class="cell-actions">
                {can('tokens:manage') && (token.state === 'valid' || token.state === 'waiting') ? (
                  <>
                    <button type="button" class="button button-small" onClick={() => onOpen({ kind: 'rotate', token })}>
                      Rotate<span class="unseen"> {nameOf(token)}</span>
                    </button>
                    <button
                      type="button"
                      class="button button-small button-bad"
                      onClick={() => onOpen({ kind: 'revoke', token })}
                    >
                      Revoke<span class="unseen"> {nameOf(token)}</span>
                    </button>
                  </>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}
