/** What an error says, for the log: its chain of messages, cleaned and bounded. Pure. */

const maxDepth = 4
const maxText = 1024

/** `name: message (code) <- cause …`; `undefined` where there is nothing to say. */
export function describeCause(cause: unknown): string | undefined {
  const parts: string[] = []
  let current = cause
  while (current !== undefined && current !== null && parts.length < maxDepth) {
    parts.push(describeOne(current))
    current = current instanceof Error ? current.cause : undefined
  }
  if (parts.length === 0) return undefined
  return (
    parts
      .join(' <- ')
      .slice(0, maxText)
      // oxlint-disable-next-line no-control-regex -- these are what is to be removed
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
  )
}

function describeOne(value: unknown): string {
  if (!(value instanceof Error)) return typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value)
  const code = 'code' in value && typeof value.code === 'string' ? ` (${value.code})` : ''
  return `${value.name}: ${value.message}${code}`
}
