/** What may be granted. */

/** The two kinds of access that a list role gives. Manage does not imply get. */
export type Need = 'get' | 'manage'

/** `either`: the lists with get, or those with manage where the caller has none with get (listmonk's rule D5). For reading only. */
export type ListNeed = Need | 'either'

/** A permission of a user role, like `subscribers:get`. Closed by the policy that names it. */
export type Permission = string
