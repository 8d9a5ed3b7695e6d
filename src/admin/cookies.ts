/** The cookies of the admin pages. `__Host-` where the connection is secure: bound to this host, and never sent in clear text (RFC 6265bis §4.1.3). */
import type { CookieSerializeOptions } from '@fastify/cookie'
import type { AdminConfig } from '../config/config.ts'

export interface CookieNames {
  readonly session: string
  readonly device: string
  readonly oidc: string
}

export interface Cookies {
  readonly names: CookieNames
  readonly isSecure: boolean
  /** Seconds; for the session's cookie, and for the mark of the device. */
  options(maxAgeSeconds: number): CookieSerializeOptions
}

export function cookiesOf({ tls, publicUrl }: AdminConfig): Cookies {
  const isSecure = tls !== undefined || publicUrl?.startsWith('https:') === true
  const prefix = isSecure ? '__Host-' : ''
  return {
    names: {
      session: `${prefix}sallyport_session`,
      device: `${prefix}sallyport_device`,
      oidc: `${prefix}sallyport_oidc`,
    },
    isSecure,
    options: (maxAge) => ({ path: '/', httpOnly: true, secure: isSecure, sameSite: 'strict', maxAge }),
  }
}
