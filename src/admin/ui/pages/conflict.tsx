/** Somebody else was faster: both versions side by side, and the reader decides. */
import { Wide } from '../components/page.tsx'

export function Conflict({
  mine,
  theirs,
  onMine,
  onTheirs,
}: {
  readonly mine: Readonly<Record<string, unknown>>
  readonly theirs: Readonly<Record<string, unknown>>
  readonly onMine: () => void | Promise<void>
  readonly onTheirs: () => void
}) {
  return (
    <div class="notice notice-warn" role="alert">
      <p>
        <strong>Somebody else changed this while you were at it.</strong> Nothing of yours is saved yet.
      </p>
      <Wide label="Both versions">
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Yours</th>
              <th scope="col">Theirs, as it is now</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(mine).map(([field, value]) => (
              <tr key={field}>
                <th scope="row">{field.replaceAll('_', ' ')}</th>
                <td class="mono">{JSON.stringify(value)}</td>
                <td class="mono">{JSON.stringify(theirs[field])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <div class="actions">
        <button type="button" class="button" onClick={onTheirs}>
          Keep theirs
        </button>
        <button type="button" class="button button-bad" onClick={() => void onMine()}>
          Save mine over it
        </button>
      </div>
    </div>
  )
}
