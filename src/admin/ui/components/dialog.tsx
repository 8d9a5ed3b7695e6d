/** Dialogs on the browser's own: focus goes in, stays in, comes back; Escape closes. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { ApiFailure, Result } from '../api/client.ts'
import { Failure } from './failure.tsx'

export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
  /** A dialog that must be answered: a secret that is shown once. */
  readonly isSticky?: boolean
}

export function Dialog({ title, onClose, children, isSticky = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const opener = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        if (!isSticky) onClose()
      }}
    >
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        {isSticky ? null : (
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            ×
          </button>
        )}
      </header>
      {children}
    </dialog>
  )
}

export interface ConfirmProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly verb: string
  /** What must be typed, where the act cannot be undone. */
  readonly typed?: string
  readonly act: () => Promise<Result<unknown>>
  readonly onDone: () => void
  readonly onClose: () => void
}

export function Confirm({ title, children, verb, typed, act, onDone, onClose }: ConfirmProps) {
  const [text, setText] = useState('')
  const [failure, setFailure] = useState<ApiFailure>()
  const [isBusy, setBusy] = useState(false)
  const id = useId()
  const isReady = typed === undefined || text === typed
  const go = async (): Promise<void> => {
    if (!isReady || isBusy) return
    setBusy(true)
    const result = await act()
    setBusy(false)
    if (result.ok) onDone()
    else setFailure(result.failure)
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void go()
        }}
      >
        {children}
        {typed === undefined ? null : (
          <div class="field">
            <label for={id}>
              Type <strong>{typed}</strong> to confirm
            </label>
            <input id={id} value={text} autoComplete="off" onInput={(event) => setText(event.currentTarget.value)} />
          </div>
        )}
        {failure === undefined ? null : <Failure failure={failure} />}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-bad" disabled={!isReady || isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
