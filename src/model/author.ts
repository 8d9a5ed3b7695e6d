/** Who makes a change, as the audit trail names them, and on which terms. */

export interface Author {
  /** `cli:eve`, `user:ann`, `gateway`. */
  readonly actor: string
  /** The address from which they asked. */
  readonly origin?: string | undefined
  /** The id of the request, as the log has it. */
  readonly requestId?: string | undefined
}

/** The same request sent again changes nothing again. */
export interface Once {
  /** SHA-256 of what names the request, and of what it asks for: 64 hexadecimal digits each. */
  readonly key: string
  readonly fingerprint: string
  /** Called when the request was carried out before; what it led to then is the result. */
  readonly onReplay: () => void
}

/** What must hold for the change to be made. */
export interface Terms extends Author {
  readonly once?: Once | undefined
  /** The version of what is changed, as its author has seen it; `undefined`: any. */
  readonly ifVersion?: number | undefined
  /** Judges who administers the gateway before and after; throws where the change must not be. */
  readonly guard?: AdministratorGuard | undefined
}

/** An enabled person who can sign in. */
export interface SignedPerson {
  readonly tenant: string
  readonly name: string
  readonly roles: readonly string[]
}

export interface Administration {
  readonly people: readonly SignedPerson[]
  /** Managed user roles by tenant and name, with what they open in the admin API. */
  readonly adminOf: (tenant: string, role: string) => readonly string[]
}

export type AdministratorGuard = (before: Administration, after: Administration) => void

/** An author of whom nothing but the name is known is that name. */
export type By = string | Terms

export const termsOf = (by: By): Terms => (typeof by === 'string' ? { actor: by } : by)
