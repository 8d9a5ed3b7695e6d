/** Whose quotas are used now. */
import type { Tenant } from '../context.ts'
import { userIdFrom } from '../model/ids.ts'
import type { AdminParts } from './parts.ts'

const maxShown = 50

export async function quotaUseOf({ windows, store, directory, clock }: AdminParts, tenant: Tenant) {
  const prefix = `${tenant.config.name}/`
  const used = windows.used(prefix, clock.monotonicMs(), maxShown)
  const parsed = used.map(({ key, current, limit }) => {
    // The last slash: an IPv6 address is counted by its `/64`.
    const at = key.lastIndexOf('/')
    return { who: key.slice(prefix.length, at), rateClass: key.slice(at + 1), current, limit }
  })
  const ids = parsed.flatMap(({ who }) => (/^[0-9]+$/.test(who) ? [userIdFrom(Number(who))] : []))
  const users = new Map((await store.usersById(ids)).map((user) => [String(user.id), user]))
  return parsed.map(({ who, rateClass, current, limit }) => {
    const user = users.get(who)
    return {
      user: user?.name ?? null,
      address: who.startsWith('@') ? who.slice(1) : null,
      plan: user === undefined ? null : directory.planOf(tenant, user.plan).name,
      class: rateClass,
      used: current,
      limit,
    }
  })
}
