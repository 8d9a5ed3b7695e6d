/** A failure in words, with what can be done about it. */
import type { ApiFailure } from '../api/client.ts'

export function Failure({ failure, retry }: { readonly failure: ApiFailure; readonly retry?: () => void }) {
  return (
    <div class="notice notice-bad" role="alert">
      <p>
        <strong>{sentence(failure)}</strong>
      </p>
      {failure.fields.length === 0 ? null : (
        <ul>
          {failure.fields.map(({ path, problem }) => (
            <li key={path}>
              <code>{path}</code> {problem}
            </li>
          ))}
        </ul>
      )}
      <p class="muted small">
        {failure.code}
        {failure.requestId === undefined ? '' : ` · request ${failure.requestId}`}
      </p>
      {retry === undefined ? null : (
        <p>
          <button type="button" class="button" onClick={retry}>
            Try again
          </button>
        </p>
      )}
    </div>
  )
}

/** What the API says, made a sentence. */
function sentence({ code, message, permissions, lists, retryAfterSeconds }: ApiFailure): string {
  switch (code) {
    case 'permission-denied':
      return `You may not do this: it takes ${permissions.join(' or ') || 'another permission'}.`
    case 'grant-exceeds':
      return `You cannot give what you do not hold: ${[...permissions, ...lists.map((list) => `list ${list}`)].join(', ')}.`
    case 'last-administrator':
      return 'Nobody could administer the gateway any more. Make somebody else an owner first.'
    case 'too-many-failures':
    case 'overloaded':
    case 'store-unavailable':
      return `${capital(message)}. Try again in ${retryAfterSeconds ?? 'a few'} seconds.`
    case 'precondition-failed':
      return 'Somebody else changed this while you were at it.'
    default:
      return `${capital(message)}${message.endsWith('.') || message.endsWith('?') ? '' : '.'}`
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
