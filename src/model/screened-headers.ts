/** The headers of a request as `screen` has read them, once: the only ones that later stages see. */
import type { FlatHeaders } from './ports.ts'

/** Where the body ends, in the one way in which the head says so (RFC 9112 §6.3). A length of 0 is no body. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }

export const noBody: Framing = Object.freeze({ kind: 'none' })

/** INVARIANT: of each header with a field of its own there is at most one in `flat`, and the field is its value. */
export interface ScreenedHeaders {
  /** `[name, value, …]` in the order of arrival; names hold letters, digits and `-` alone. */
  readonly flat: FlatHeaders
  readonly host: string
  readonly authorization: string | undefined
  readonly apiKey: string | undefined
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly framing: Framing
  /** The caller waits for `100 Continue` before the body. */
  readonly expectsContinue: boolean
}
