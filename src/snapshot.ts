/** Everything that a reload replaces, built whole and swapped in one step. */
import { disagreements } from './config/agree.ts'
import type { Config, TenantConfig, UpstreamConfig } from './config/config.ts'
import type { Tenant } from './context.ts'
import { createUpstream, type UpstreamOptions } from './forward/undici-upstream.ts'
import type { TenantName } from './model/ids.ts'
import { Problems } from './model/problem.ts'
import type { Upstream } from './model/ports.ts'
import { routeTable, type RouteTable } from './policy/routes.ts'
import type { Policy, PolicySet } from './policy/rule.ts'
import { createTenantTable, type TenantTable } from './screen/host.ts'

export interface Snapshot {
  readonly tenants: readonly Tenant[]
  readonly table: TenantTable
  readonly policies: PolicySet
  routesOf(policy: Policy): RouteTable
}

/** Holds the snapshot in force. A request keeps what it read from it at its start. */
export interface Live {
  current(): Snapshot
  /** The tenants behind which the same backend stands, this one among them: an id means the same list to all of them. */
  sharing(tenant: Tenant): readonly TenantName[]
  /** Swaps; upstreams that the next snapshot does not use are closed once their requests are over. */
  swap(next: Snapshot): void
}

/** What all upstreams share. */
export type UpstreamParts = Omit<UpstreamOptions, 'name'>

/** Builds the tenants of `config` over `policies`. Upstreams of `previous` whose configuration is the same are kept. */
export function createSnapshot(
  config: Config,
  policies: PolicySet,
  parts: UpstreamParts,
  previous?: Snapshot,
): Snapshot {
  const problems = disagreements(config, policies)
  if (problems.length > 0) throw new Problems(problems)

  const tenants = config.tenants.flatMap((tenant): Tenant[] => {
    const policy = policies.policies.get(tenant.policy)
    return policy === undefined ? [] : [{ config: tenant, policy, upstream: upstreamFor(tenant, parts, previous) }]
  })
  const routes = new Map(tenants.map(({ policy }) => [policy, routeTable(policy.rules)]))
  return {
    tenants,
    table: createTenantTable(tenants),
    policies,
    routesOf: (policy) => routes.get(policy) ?? routeTable(policy.rules),
  }
}

function upstreamFor(tenant: TenantConfig, parts: UpstreamParts, previous: Snapshot | undefined): Upstream {
  const same = previous?.tenants.find(
    ({ config }) => config.name === tenant.name && sameUpstream(config.upstream, tenant.upstream),
  )
  return same?.upstream ?? createUpstream(tenant.upstream, { ...parts, name: tenant.name })
}

const sameUpstream = (one: UpstreamConfig, other: UpstreamConfig): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

export function liveSnapshot(first: Snapshot): Live {
  let current = first
  return {
    current: () => current,
    sharing: ({ config }) => {
      const { urls, host } = config.upstream
      const isSame = ({ upstream }: TenantConfig): boolean =>
        upstream.host === host && upstream.urls.some((url) => urls.includes(url))
      const same = current.tenants.filter((tenant) => isSame(tenant.config))
      return [...new Set([config.name, ...same.map((each) => each.config.name)])]
    },
    swap(next) {
      const kept = new Set(next.tenants.map(({ upstream }) => upstream))
      const old = current.tenants.filter(({ upstream }) => !kept.has(upstream))
      current = next
      for (const { upstream } of old) void upstream.close()
    },
  }
}
