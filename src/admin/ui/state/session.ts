/** Who is signed in, in which tenant they look around, and what they may do. */
import { computed, signal } from '@preact/signals'
import type { Me } from '../../schemas/people.ts'
import type { AdminPermission } from '../../../model/admin-permission.ts'
import { call, onSessionEnd, type ApiFailure } from '../api/client.ts'

export type SessionState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'out' }
  | { readonly kind: 'failed'; readonly failure: ApiFailure }
  | { readonly kind: 'in'; readonly me: Me }

export const session = signal<SessionState>({ kind: 'loading' })
export const me = computed(() => (session.value.kind === 'in' ? session.value.me : undefined))

const tenantKey = 'sallyport-tenant'
const chosen = signal<string | undefined>(window.localStorage.getItem(tenantKey) ?? undefined)
export interface TenantInfo {
  readonly name: string
  /** Where callers reach it. */
  readonly url: string | null
}

export const tenants = signal<readonly TenantInfo[]>([])

/** The tenant that the pages are about. */
export const tenant = computed(() => {
  const own = me.value?.tenant ?? 'default'
  return tenants.value.some(({ name }) => name === chosen.value) ? (chosen.value ?? own) : own
})

export function chooseTenant(name: string): void {
  chosen.value = name
  window.localStorage.setItem(tenantKey, name)
}

/** Where callers of the tenant come in. */
export const dataPathUrl = computed(
  () => tenants.value.find(({ name }) => name === tenant.value)?.url ?? 'http://127.0.0.1:8080',
)

/** The path of something in the tenant: `users/ann` is `/api/tenants/default/users/ann`. */
export const inTenant = (path: string): string => `/api/tenants/${encodeURIComponent(tenant.value)}/${path}`

export const can = (permission: AdminPermission): boolean => me.value?.admin.includes(permission) === true

export async function loadSession(): Promise<void> {
  const found = await call<Me>('GET', '/api/me')
  if (!found.ok) {
    session.value = found.failure.status === 401 ? { kind: 'out' } : { kind: 'failed', failure: found.failure }
    return
  }
  const known = await call<{ readonly results: readonly TenantInfo[] }>('GET', '/api/tenants')
  tenants.value = known.ok ? known.data.results : [{ name: found.data.tenant, url: null }]
  session.value = { kind: 'in', me: found.data }
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/api/session')
  session.value = { kind: 'out' }
}

/** Whether a dialog asks to sign in again, over whatever page is open: what was typed there stays. */
export const renewal = signal<((renewed: boolean) => void) | undefined>(undefined)
const pending: { promise: Promise<boolean> | undefined } = { promise: undefined }

onSessionEnd(() => {
  // Who was never in is shown the sign-in page; and several calls that fail at once ask once.
  if (session.value.kind !== 'in') return Promise.resolve(false)
  pending.promise ??= new Promise<boolean>((resolve) => {
    renewal.value = (renewed) => {
      renewal.value = undefined
      pending.promise = undefined
      if (!renewed) session.value = { kind: 'out' }
      resolve(renewed)
    }
  })
  return pending.promise
})
