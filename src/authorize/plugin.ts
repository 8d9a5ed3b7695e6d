/** Stage authorize: the matched rule against the caller's permissions, before any body is read. */
import fp from 'fastify-plugin'
import '../context.ts'
import type { Tenant } from '../context.ts'
import { unauthenticated } from '../model/challenge.ts'
import { refused } from '../model/failure.ts'
import type { Identity } from '../model/identity.ts'
import type { ListId, TenantName } from '../model/ids.ts'
import type { Clock } from '../model/time.ts'
import { permitted } from '../policy/decide.ts'
import { refusalOf } from '../policy/refusal.ts'
import { grantsOf, type Grants, type Roles } from '../policy/grants.ts'

export interface AuthorizeOptions {
  /** The roles in force now. A reload gives another object, which makes every caller's grants anew. */
  readonly roles: (tenant: Tenant) => Roles
  /** Lists of the tenant that were deleted. Another object after each change, which makes grants anew too. */
  readonly retired: (tenant: TenantName) => ReadonlySet<ListId>
  readonly clock: Clock
}

export const authorize = fp<AuthorizeOptions>(
  async (app, { roles, retired, clock }) => {
    const grantsFor = rememberedGrants(retired, clock)

    app.addHook('onRequest', (request, _reply, done) => {
      const { gate } = request
      const { tenant, match, principal } = gate
      if (tenant === undefined || match === undefined)
        return done(refused('internal', { cause: 'nothing was screened' }))

      const isPublic = match.kind === 'rule' && match.rule.allow.kind === 'public'
      // Nothing about routes is told to somebody without credentials.
      if (principal === undefined && !isPublic) return done(unauthenticated(tenant.config.auth, 'credentials-missing'))
      if (match.kind === 'unknown') return done(refused('route-unknown'))
      if (match.kind === 'method-not-allowed') {
        return done(refused('method-not-allowed', { headers: ['Allow', match.allow.join(', ')] }))
      }

      gate.grants = principal === undefined ? undefined : grantsFor(principal.identity, roles(tenant))
      const decision = permitted(match.rule, gate.grants)
      gate.decision = decision // kept on denial too: the log and respond explain it
      if (decision.effect === 'deny') return done(refusalOf(decision))
      return done()
    })
  },
  { name: 'authorize', dependencies: ['authenticate'] },
)

/** The grants of an identity object, made once for it, the roles in force and the retired lists; gone with the identity. */
function rememberedGrants(
  retiredIn: AuthorizeOptions['retired'],
  clock: Clock,
): (identity: Identity, roles: Roles) => Grants {
  const remembered = new WeakMap<Identity, Remembered>()
  return (identity, roles) => {
    const now = clock.epochMs()
    const retired = retiredIn(identity.tenant)
    const known = remembered.get(identity)
    if (known?.roles === roles && known.retired === retired && now < known.grants.validUntilMs) return known.grants
    const grants = grantsOf(identity, roles, now, retired)
    remembered.set(identity, { roles, retired, grants })
    return grants
  }
}

interface Remembered {
  readonly roles: Roles
  readonly retired: ReadonlySet<ListId>
  readonly grants: Grants
}
