/** Choosing several of many: plain checkboxes under a search, which every keyboard and every reader of screens knows. */
import { useId, useState } from 'preact/hooks'

export interface Choice {
  readonly value: string
  readonly label: string
  readonly detail?: string
  /** Why it cannot be chosen. */
  readonly locked?: string | undefined
}

export interface ChoicesProps {
  readonly legend: string
  readonly choices: readonly Choice[]
  readonly chosen: readonly string[]
  readonly onChosen: (chosen: readonly string[]) => void
  readonly error?: string | undefined
  readonly none: string
}

/** From so many choices on a search is of use. */
const searchFrom = 8

export function Choices({ legend, choices, chosen, onChosen, error, none }: ChoicesProps) {
  const id = useId()
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLowerCase()
  const shown = choices.filter(
    ({ value, label, detail = '' }) =>
      wanted === '' || chosen.includes(value) || `${label} ${detail}`.toLowerCase().includes(wanted),
  )
  const toggle = (value: string, isOn: boolean): void =>
    onChosen(isOn ? [...chosen, value] : chosen.filter((each) => each !== value))
  return (
    <fieldset
      class={error === undefined ? 'choices' : 'choices field-bad'}
      aria-describedby={error === undefined ? undefined : `${id}-error`}
    >
      <legend>
        {legend} <span class="muted small">({chosen.length} chosen)</span>
      </legend>
      {choices.length < searchFrom ? null : (
        <input
          type="search"
          aria-label={`Search: ${legend}`}
          placeholder="Search"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <div class="choice-list">
        {shown.map((choice, at) => (
          <div class="check" key={choice.value}>
            <input
              id={`${id}-${at}`}
              type="checkbox"
              checked={chosen.includes(choice.value)}
              disabled={choice.locked !== undefined && !chosen.includes(choice.value)}
              onChange={(event) => toggle(choice.value, event.currentTarget.checked)}
            />
            <label for={`${id}-${at}`}>
              {choice.label}
              {choice.detail === undefined || choice.detail === '' ? null : (
                <span class="muted small"> {choice.detail}</span>
              )}
              {choice.locked === undefined ? null : <span class="muted small"> · {choice.locked}</span>}
            </label>
          </div>
        ))}
        {shown.length === 0 ? <p class="muted">{choices.length === 0 ? none : 'Nothing found.'}</p> : null}
      </div>
      {error === undefined ? null : (
        <p class="error" id={`${id}-error`}>
          {legend}: {error}
        </p>
      )}
    </fieldset>
  )
}
