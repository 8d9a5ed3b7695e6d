/** What an error says, for the log: its chain of messages, cleaned and bounded. Pure. */
import { oneLine } from './one-line.ts'

const maxDepth = 4

/** `name: message (code) <- cause …`; `undefined` where there is nothing to say. */
export function describeCause(cause: unknown): string | undefined {
  const parts: string[] = []
  let current = cause
  while (current !== undefined && current !== null && parts.length < maxDepth) {
    parts.push(describeOne(current))
    current = current instanceof Error ? current.cause : undefined
  }
  if (parts.length === 0) return undefined
  return oneLine(parts.join(' <- '))
}

function describeOne(value: unknown): string {
  if (!(value instanceof Error)) return typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value)
  const code = 'code' in value && typeof value.code === 'string' ? ` (${value.code})` : ''
  return `${value.name}: ${value.message}${code}`
}
