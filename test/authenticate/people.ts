/** Users, their tokens and a store of them for the tests of this folder. */
import { tokenSha256 } from '../../src/model/token.ts'
import { parseTenantName, tokenIdFrom, userIdFrom, type TenantName } from '../../src/model/ids.ts'
import type { Identity, StoredToken } from '../../src/model/identity.ts'
import type { CredentialSource } from '../../src/model/ports.ts'
import type { Clock } from '../../src/model/time.ts'

function tenantNamed(name: string): TenantName {
  const parsed = parseTenantName(name)
  if (parsed === undefined) throw new Error(`no tenant name: ${name}`)
  return parsed
}

export const spring = tenantNamed('spring')
export const summer = tenantNamed('summer')

export function token(secret: string, changes: Partial<StoredToken> = {}): StoredToken {
  return {
    id: tokenIdFrom(1),
    sha256: tokenSha256(secret),
    label: '',
    createdAt: 0,
    notBefore: undefined,
    expiresAt: undefined,
    revokedAt: undefined,
    ...changes,
  }
}

export function user(name: string, changes: Partial<Identity> = {}): Identity {
  return {
    tenant: spring,
    id: userIdFrom(1),
    name,
    kind: 'api',
    status: 'enabled',
    roles: [],
    listRoles: [],
    listGrants: [],
    plan: undefined,
    createdAt: 0,
    updatedAt: 0,
    tokens: [token(`${name}-secret`)],
    ...changes,
  }
}

export const basic = (name: string, secret: string): string =>
  `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`

/** Time that moves when told. */
export function stoppedClock(): Clock & { pass(ms: number): void } {
  let nowMs = 1_000_000
  return {
    epochMs: () => nowMs,
    monotonicMs: () => nowMs,
    pass: (ms) => {
      nowMs += ms
    },
  }
}

type Change = { readonly tenant: TenantName; readonly name: string } | undefined

/** A store in memory that can be away, or hold its answers back, and counts what it is asked. */
export function storeOf(...users: readonly Identity[]) {
  const stored = new Map(users.map((each) => [`${each.tenant}/${each.name}`, each]))
  const listeners = new Set<(changed: Change) => void>()
  const held: (() => void)[] = []
  const asked: string[] = []
  const touched: unknown[] = []
  let mode: 'answers' | 'away' | 'holds' = 'answers'
  const source: CredentialSource = {
    async find(tenant, name) {
      asked.push(`${tenant}/${name}`)
      const found = stored.get(`${tenant}/${name}`)
      if (mode === 'holds') await new Promise<void>((resolve) => held.push(resolve))
      if (mode === 'away') throw new Error('the store is away')
      return found
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    touch: (id, epochMs) => {
      touched.push([id, epochMs])
    },
  }
  return {
    source,
    asked,
    touched,
    listeners,
    become: (next: typeof mode) => {
      mode = next
    },
    /** Lets the answers go that are held back, as they were when they were asked for. */
    release: () => {
      mode = 'answers'
      for (const go of held.splice(0)) go()
    },
    put: (identity: Identity) => stored.set(`${identity.tenant}/${identity.name}`, identity),
    remove: (identity: Identity) => stored.delete(`${identity.tenant}/${identity.name}`),
    tell: (changed: Change) => {
      for (const listener of listeners) listener(changed)
    },
  }
}

/** Lets everything run that waits for nothing but its turn. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
