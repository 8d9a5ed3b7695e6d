/** One-time links: made here, shown once, known afterwards by their hash. What stands behind `#` never reaches a server. */
import type { Config } from '../../config/config.ts'
import { newSecret, secretSha256 } from './secrets.ts'

export interface MadeLink {
  readonly url: string
  readonly sha256: Buffer
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

export const setupLinkMs = 86_400_000
export const passwordLinkMs = 3 * 86_400_000

/** `origin`: where people reach the admin pages. */
export function makeLink(origin: string, lifetimeMs: number, nowMs: number, random: (n: number) => Buffer): MadeLink {
  const secret = newSecret(random)
  return { url: `${origin}/link#${secret}`, sha256: secretSha256(secret), expiresAt: nowMs + lifetimeMs }
}

/** Where people reach the admin pages: as configured, else where it listens. */
export function adminOrigin({ admin }: Config, listensAt?: string): string {
  if (admin.publicUrl !== undefined) return admin.publicUrl
  if (listensAt !== undefined) return listensAt
  const { host, port } = admin.listen
  return `${admin.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
