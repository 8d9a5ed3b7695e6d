/** Who is signed in to these pages, and how to end it. */
import { refused } from '../../model/failure.ts'
import { parseTenantName, type TenantName } from '../../model/ids.ts'
import { may, sees } from '../authority.ts'
import type { Caller } from '../caller.ts'
import { writeCursor } from '../cursor.ts'
import { done, endpoint, type Endpoint } from '../endpoint.ts'
import { checkAbove } from '../giving.ts'
import { cursorIn, limitIn } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { sessionJson } from '../present.ts'
import { sessionFilter, sessionPage, sessionPath } from '../schemas/audit.ts'

export function sessionEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store } = parts
  return [
    endpoint({
      id: 'listSessions',
      route: 'GET /api/sessions',
      tag: 'sessions',
      summary: 'Who is signed in, newest first',
      needs: 'sessions:get',
      query: sessionFilter,
      answer: sessionPage,
      failures: ['not-found'],
      handle: async ({ caller, query }) => {
        const limit = limitIn(query.limit)
        const [before] = cursorIn(query.cursor, 'sessions', ['number']) ?? []
        const found = await store.sessions.list({
          tenant: tenantFor(caller, query.tenant),
          before: before === undefined ? undefined : Number(before),
          limit,
        })
        const last = found.length === limit ? found.at(-1) : undefined
        return {
          data: {
            results: found.map((each) => sessionJson(each, caller.session?.id)),
            next: last === undefined ? null : writeCursor('sessions', [last.id]),
          },
        }
      },
    }),
    endpoint({
      id: 'endSession',
      route: 'DELETE /api/sessions/:session',
      tag: 'sessions',
      summary: 'End a session: its next request is refused',
      needs: 'signed-in',
      params: sessionPath,
      failures: ['permission-denied', 'grant-exceeds'],
      handle: async ({ caller, params, by }) => {
        const id = Number(params.session)
        const [found] = await store.sessions.list({ before: id + 1, limit: 1 })
        if (found?.id !== id || !sees(caller.authority, found.tenant)) throw refused('not-found')
        const isOwn = found.user === caller.authority.identity.id
        if (!isOwn) {
          if (!may(caller.authority, 'sessions:manage', found.tenant)) {
            throw refused('permission-denied', {
              message: 'permission denied: sessions:manage',
              details: { permissions: ['sessions:manage'] },
            })
          }
          const tenant = parts.live.current().tenants.find(({ config }) => config.name === found.tenant)
          const identity = await store.find(found.tenant, found.name)
          if (tenant === undefined || identity === undefined) throw refused('not-found')
          checkAbove(caller.authority, tenant, identity, parts)
        }
        await store.sessions.end(id, by)
        return done
      },
    }),
  ]
}

function tenantFor({ authority }: Caller, named: string | undefined): TenantName | undefined {
  if (named === undefined) {
    return authority.grants.admin.has('tenants:all') ? undefined : authority.identity.tenant
  }
  const tenant = parseTenantName(named)
  if (tenant === undefined || !sees(authority, tenant)) throw refused('not-found')
  return tenant
}
