/** What was just done, told to everybody, with a way back where there is one. */
import { dismiss, toasts } from '../state/toasts.ts'

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone, undo }) => (
        <div key={id} class={`toast toast-${tone}`}>
          <span>{text}</span>
          {undo === undefined ? null : (
            <button
              type="button"
              class="button button-small"
              onClick={() => {
                dismiss(id)
                void undo()
              }}
            >
              Undo
            </button>
          )}
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  )
}
