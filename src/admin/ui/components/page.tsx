/** The frame of a page: one heading, which takes the focus when somebody comes to it. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

export interface PageProps {
  readonly title: string
  /** Shown above the heading, as a way back. */
  readonly back?: { readonly href: string; readonly label: string }
  readonly lead?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}

export function Page({ title, back, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Sallyport`
    // After a link was followed the reader is told where they are; on the very first page the browser does that.
    if (document.activeElement === document.body || document.activeElement?.closest('nav') !== null)
      heading.current?.focus()
  }, [title])
  return (
    <div class="page">
      <header class="page-head">
        <div>
          {back === undefined ? null : (
            <p class="back">
              <a href={back.href}>← {back.label}</a>
            </p>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead === undefined ? null : <div class="lead">{lead}</div>}
        </div>
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export function Section({
  title,
  lead,
  actions,
  children,
  id,
}: {
  readonly title: string
  readonly lead?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
  readonly id?: string
}) {
  return (
    <section class="card" id={id} aria-labelledby={`${id ?? title}-title`}>
      <header class="card-head">
        <div>
          <h2 id={`${id ?? title}-title`}>{title}</h2>
          {lead === undefined ? null : <p class="muted">{lead}</p>}
        </div>
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}

/** What is wide scrolls in a place of its own, which can be reached by keyboard. */
export function Wide({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <div class="wide" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="muted loading" role="status">
      Loading {what} …
    </p>
  )
}
