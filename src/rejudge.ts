/**
 * Judges open WebSockets anew: a request is judged once, and they outlive the roles, tokens and policies that allowed them.
 * What is not allowed any more ends within the time in which the gateway hears of it and a quarter of a second.
 */
import type { Identities } from './authenticate/identities.ts'
import { unusable } from './authenticate/verify.ts'
import type { Gate, Tenant } from './context.ts'
import type { Tunnels } from './forward/tunnels.ts'
import { type Judge, paperJudge } from './judge.ts'
import type { Identity } from './model/identity.ts'
import type { ListId, TenantName } from './model/ids.ts'
import { writePath, writeTarget } from './model/target.ts'
import type { Clock } from './model/time.ts'
import { type Grants, grantsOf, type Roles } from './policy/grants.ts'
import type { Policy } from './policy/rule.ts'
import type { Snapshot } from './snapshot.ts'

export interface RejudgeParts {
  readonly tunnels: Tunnels
  readonly identities: Identities
  readonly current: () => Snapshot
  /** Another object after each change of roles. */
  readonly rolesOf: (tenant: Tenant) => Roles
  readonly retired: (tenant: TenantName) => ReadonlySet<ListId>
  readonly clock: Clock
}

/** With what it was last judged: as long as all of it is the same, so is the judgement. */
interface Basis {
  readonly identity: Identity | undefined
  readonly snapshot: Snapshot
  readonly roles: Roles
  readonly retired: ReadonlySet<ListId>
  readonly validUntilMs: number
}

const everyMs = 250
/** From 4000 on codes are an application's own (RFC 6455 §7.4.2): what 401 is to a request. */
const notAllowed = 4401

/** Begins at once; returns how to stop. Its timer holds no process up. */
export function keepJudging(parts: RejudgeParts): () => void {
  const whyNot = createRejudge(parts)
  const checking = new WeakSet<Gate>()
  const timer = setInterval(() => {
    for (const { gate, tunnel } of parts.tunnels.all()) {
      if (checking.has(gate)) continue
      checking.add(gate)
      whyNot(gate)
        .then((why) => (why === undefined ? undefined : tunnel.close(notAllowed, why)))
        // A bug must not keep anything open.
        .catch(() => tunnel.close(notAllowed, 'not judged'))
        .finally(() => checking.delete(gate))
    }
  }, everyMs).unref()
  return () => clearInterval(timer)
}

/** Why what the gate stands for is not allowed any more; `undefined` where it is, or where nobody can say now. */
function createRejudge({
  identities,
  current,
  rolesOf,
  retired,
  clock,
}: RejudgeParts): (gate: Gate) => Promise<string | undefined> {
  const bases = new WeakMap<Gate, Basis>()
  const judges = new WeakMap<Policy, Judge>()

  const judgeFor = ({ policy, config }: Tenant): Judge => {
    const known = judges.get(policy) ?? paperJudge(policy, config.partial)
    judges.set(policy, known)
    return known
  }

  function isAllowed(gate: Gate, tenant: Tenant, grants: Grants | undefined): boolean {
    const { target } = gate
    if (target === undefined) return false
    const asked = writeTarget(writePath(target.segments), target.query)
    return judgeFor(tenant).judge(grants, { method: 'GET', target: asked }).failure === undefined
  }

  return async (gate) => {
    const holder = await holderOf(gate, identities, clock)
    if (typeof holder === 'string') return holder
    const snapshot = current()
    const tenant = snapshot.tenants.find(({ config }) => config.name === gate.tenant?.config.name)
    if (tenant === undefined) return 'no such tenant any more'
    const basis = bases.get(gate)
    const now = clock.epochMs()
    const gone = retired(tenant.config.name)
    const roles = rolesOf(tenant)
    const isSame =
      basis?.identity === holder &&
      basis?.snapshot === snapshot &&
      basis.roles === roles &&
      basis.retired === gone &&
      now < basis.validUntilMs
    if (isSame) return undefined
    const grants = holder === undefined ? undefined : grantsOf(holder, roles, now, gone)
    if (!isAllowed(gate, tenant, grants)) return 'not allowed any more'
    bases.set(gate, {
      identity: holder,
      snapshot,
      roles,
      retired: gone,
      validUntilMs: grants?.validUntilMs ?? Infinity,
    })
    return undefined
  }
}

/** Who holds the tunnel, as they are now; `undefined` is nobody; a text is why they may not any more. */
async function holderOf(
  { principal }: Gate,
  identities: Identities,
  clock: Clock,
): Promise<Identity | undefined | string> {
  if (principal === undefined) return undefined
  const { tenant, name } = principal.identity
  const known = identities.peek(tenant, name)
  // While the store is away what was known holds, as it does for requests.
  const identity = known ?? (await identities.lookUp(tenant, name).catch(() => principal.identity))
  if (identity === 'unknown') return 'credentials are not valid any more'
  const token = identity.tokens.find(({ id }) => id === principal.token.id)
  const isUsable = token !== undefined && unusable(identity, token, clock.epochMs()) === undefined
  return isUsable ? identity : 'credentials are not valid any more'
}
