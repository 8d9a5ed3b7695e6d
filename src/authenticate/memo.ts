/**
 * Who proved themselves with which `Authorization` value: saves reading and hashing it for a known caller.
 * Bound: 100,000 values, the least recently used go first. What it holds is only a hint, to be checked against the
 * identity as it is now; it ages with that. Values are kept in memory only, as the connection's buffers keep them.
 */
import { LRUCache } from 'lru-cache'
import type { Principal } from '../model/identity.ts'
import type { TenantName } from '../model/ids.ts'
import type { HeaderRule } from './header.ts'

export interface Memo {
  /** Who proved themselves with this value under this very rule object: a reload may have switched a scheme off. */
  find(tenant: TenantName, authorization: string, rule: HeaderRule): Principal | undefined
  keep(tenant: TenantName, authorization: string, rule: HeaderRule, principal: Principal): void
}

const maxValues = 100_000

export function credentialMemo(): Memo {
  const proved = new LRUCache<string, { readonly rule: HeaderRule; readonly principal: Principal }>({ max: maxValues })
  return {
    find(tenant, authorization, rule) {
      const entry = proved.get(keyOf(tenant, authorization))
      return entry?.rule === rule ? entry.principal : undefined
    },
    keep(tenant, authorization, rule, principal) {
      proved.set(keyOf(tenant, authorization), { rule, principal })
    },
  }
}

// INVARIANT: a tenant's name holds no space (model/ids.ts), so two pairs never make one key.
const keyOf = (tenant: TenantName, authorization: string): string => `${tenant} ${authorization}`
