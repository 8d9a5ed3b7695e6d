/** Fields of forms: each with its label, a hint, and what is wrong with it. */
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'
import type { ApiFailure } from '../api/client.ts'

/** What the failure says of one field. */
export const problemOf = (failure: ApiFailure | undefined, path: string): string | undefined =>
  failure?.fields.find((field) => field.path === path || field.path.startsWith(`${path}[`))?.problem

export interface FieldProps {
  readonly label: string
  readonly hint?: ComponentChildren
  readonly error?: string | undefined
}

function Frame({
  label,
  hint,
  error,
  id,
  children,
}: FieldProps & { readonly id: string; readonly children: ComponentChildren }) {
  return (
    <div class={error === undefined ? 'field' : 'field field-bad'}>
      <label for={id}>{label}</label>
      {children}
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error === undefined ? null : (
        <p class="error" id={`${id}-error`}>
          {label} {error}
        </p>
      )}
    </div>
  )
}

const describedBy = (id: string, { hint, error }: FieldProps): string | undefined =>
  [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`].join(' ').trim() || undefined

export interface TextFieldProps extends FieldProps {
  readonly value: string
  readonly onValue: (value: string) => void
  readonly type?: 'text' | 'password' | 'email' | 'datetime-local' | 'search' | 'number'
  readonly autoComplete?: string
  readonly required?: boolean
  readonly placeholder?: string
  readonly inputMode?: 'numeric' | 'text'
  readonly spellcheck?: boolean
  readonly list?: string
  readonly autoFocus?: boolean
}

export function TextField(props: TextFieldProps) {
  const id = useId()
  const { label, hint, error, value, onValue, type = 'text', ...rest } = props
  // The library's types tell each kind of input apart, which one field for all of them cannot.
  const attributes = { ...rest, type } as JSX.IntrinsicElements['input']
  return (
    <Frame label={label} hint={hint} error={error} id={id}>
      <input
        {...attributes}
        id={id}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={describedBy(id, props)}
      />
    </Frame>
  )
}

export function TextArea(
  props: FieldProps & {
    readonly value: string
    readonly onValue: (value: string) => void
    readonly rows?: number
    readonly mono?: boolean
  },
) {
  const id = useId()
  const { label, hint, error, value, onValue, rows = 4, mono = false } = props
  return (
    <Frame label={label} hint={hint} error={error} id={id}>
      <textarea
        id={id}
        rows={rows}
        class={mono ? 'mono' : undefined}
        spellcheck={false}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={describedBy(id, props)}
      />
    </Frame>
  )
}

export interface Option {
  readonly value: string
  readonly label: string
}

export function SelectField(
  props: FieldProps & {
    readonly value: string
    readonly onValue: (value: string) => void
    readonly options: readonly Option[]
  },
) {
  const id = useId()
  const { label, hint, error, value, onValue, options } = props
  return (
    <Frame label={label} hint={hint} error={error} id={id}>
      <select
        id={id}
        value={value}
        onChange={(event) => onValue(event.currentTarget.value)}
        aria-describedby={describedBy(id, props)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  )
}

export function CheckField({
  label,
  hint,
  checked,
  onChecked,
  disabled = false,
}: {
  readonly label: ComponentChildren
  readonly hint?: ComponentChildren
  readonly checked: boolean
  readonly onChecked: (checked: boolean) => void
  readonly disabled?: boolean
}) {
  const id = useId()
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChecked(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** A form that is sent by Enter and by its button, and is never sent by the browser itself. */
export function Form({
  onSend,
  children,
  label,
}: {
  readonly onSend: () => void | Promise<void>
  readonly children: ComponentChildren
  readonly label: string
}) {
  const send = (event: SubmitEvent): void => {
    event.preventDefault()
    void onSend()
  }
  return (
    <form onSubmit={send} aria-label={label} noValidate>
      {children}
    </form>
  )
}
