/** Small parts: badges, times, copying. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { relativeTime, exactTime } from './time-text.ts'

export type Tone = 'good' | 'warn' | 'bad' | 'plain'

export function Badge({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge badge-${tone}`}>{children}</span>
}

/** How long ago or ahead, and the exact moment for who looks closer. */
export function Time({ at, none = 'never' }: { readonly at: string | null; readonly none?: string }) {
  if (at === null) return <span class="muted">{none}</span>
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(at, Date.now())}
    </time>
  )
}

export function ExactTime({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={at}>
      {exactTime(at)}
    </time>
  )
}

export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 2_000)
  }
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      <span aria-live="polite">{isCopied ? 'Copied' : label}</span>
    </button>
  )
}

/** A text to be copied: it can be selected by hand where the browser does not let us. */
export function Copyable({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div class="copyable">
      <input readOnly value={text} aria-label={label} class="mono" onFocus={(event) => event.currentTarget.select()} />
      <CopyButton text={text} />
    </div>
  )
}

/** Names as links, or words where there is none. */
export function Names({
  names,
  href,
  none = 'none',
}: {
  readonly names: readonly string[]
  readonly href?: (name: string) => string
  readonly none?: string
}) {
  if (names.length === 0) return <span class="muted">{none}</span>
  return (
    <span class="names">
      {names.map((name) => (
        <span key={name} class="name">
          {href === undefined ? name : <a href={href(name)}>{name}</a>}
        </span>
      ))}
    </span>
  )
}
