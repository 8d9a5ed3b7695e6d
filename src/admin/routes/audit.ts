/** The audit trail: read, exported, verified. Whoever is not of every tenant sees only what was done in their own. */
import { Readable } from 'node:stream'
import type { Caller } from '../caller.ts'
import { sees } from '../authority.ts'
import { writeCursor } from '../cursor.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { refused } from '../../model/failure.ts'
import { parseTenantName } from '../../model/ids.ts'
import { cursorIn, instantAsked, limitIn } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { shownTime } from '../present.ts'
import type { AuditEntry, AuditFilter } from '../../store/audit.ts'
import { auditExportFilter, auditFilter, auditPage, auditVerdict } from '../schemas/audit.ts'

/** Entries read at once for an export. */
const exportPage = 500

export function auditEndpoints({ store }: AdminParts): readonly Endpoint[] {
  return [
    endpoint({
      id: 'listAudit',
      route: 'GET /api/audit',
      tag: 'audit',
      summary: 'Who changed what, newest first',
      needs: 'audit:get',
      query: auditFilter,
      answer: auditPage,
      failures: ['not-found'],
      handle: async ({ caller, query }) => {
        const limit = limitIn(query.limit)
        const [before] = cursorIn(query.cursor, 'audit', ['number']) ?? []
        const from = before === undefined ? {} : { before: Number(before) }
        const found = await store.listAudit({ ...filterOf(caller, query), ...from, limit })
        const last = found.length === limit ? found.at(-1) : undefined
        const next = last === undefined ? null : writeCursor('audit', [last.id])
        return { data: { results: found.map(entryJson), next } }
      },
    }),
    endpoint({
      id: 'exportAudit',
      route: 'GET /api/audit/export',
      tag: 'audit',
      summary: 'The audit trail as JSON Lines, newest first, as a download',
      needs: 'audit:get',
      query: auditExportFilter,
      media: ['application/x-ndjson'],
      failures: ['not-found'],
      handle: async ({ caller, query }) => {
        const body = Readable.from(exported(store, filterOf(caller, query)))
        const headers = { 'Content-Disposition': 'attachment; filename="sallyport-audit.jsonl"' }
        return { data: null, raw: { type: 'application/x-ndjson; charset=utf-8', body }, headers }
      },
    }),
    endpoint({
      id: 'verifyAudit',
      route: 'POST /api/audit/verification',
      tag: 'audit',
      summary: 'Walk the hash chain of the whole trail: is it as it was written?',
      needs: 'audit:get',
      answer: auditVerdict,
      handle: async ({ caller }) => {
        mustSeeAll(caller)
        const verdict = await store.verifyAudit()
        return {
          data:
            verdict.kind === 'whole'
              ? { whole: true, count: verdict.count, head: verdict.hash, broken_at: null, reason: null }
              : {
                  whole: false,
                  count: verdict.count,
                  head: null,
                  broken_at: verdict.id ?? null,
                  reason: verdict.reason,
                },
        }
      },
    }),
  ]
}

interface FilterWords {
  readonly tenant?: string
  readonly actor?: string
  readonly action?: string
  readonly subject?: string
  readonly since?: string
  readonly until?: string
}

function filterOf({ authority }: Caller, words: FilterWords): AuditFilter {
  const { tenant = ownOnly(authority), actor, action, subject } = words
  const named = tenant === undefined ? undefined : parseTenantName(tenant)
  if (tenant !== undefined && (named === undefined || !sees(authority, named))) throw refused('not-found')
  const since = instantAsked('since', words.since)
  const until = instantAsked('until', words.until)
  const given = (text: string | undefined): boolean => text !== undefined && text !== ''
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(actor !== undefined && given(actor) ? { actor } : {}),
    ...(action !== undefined && given(action) ? { action } : {}),
    ...(subject !== undefined && given(subject) ? { subject } : {}),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  }
}

/** The tenant of who sees no other; `undefined` for who sees all, the gateway's own entries too. */
const ownOnly = ({ identity, grants }: Caller['authority']): string | undefined =>
  grants.admin.has('tenants:all') ? undefined : identity.tenant

function mustSeeAll({ authority }: Caller): void {
  if (!authority.grants.admin.has('tenants:all')) {
    throw refused('permission-denied', {
      message: 'permission denied: tenants:all',
      details: { permissions: ['tenants:all'] },
    })
  }
}

const entryJson = ({
  id,
  at,
  actor,
  origin,
  requestId,
  action,
  subject,
  details,
  before,
  after,
  hash,
}: AuditEntry) => ({
  id,
  at: shownTime(at),
  actor,
  origin: origin ?? null,
  request_id: requestId ?? null,
  action,
  subject,
  details: { ...details },
  before: before === undefined ? null : { ...before },
  after: after === undefined ? null : { ...after },
  hash,
})

async function* exported(store: AdminParts['store'], filter: AuditFilter): AsyncGenerator<string> {
  for (let before: number | undefined; ;) {
    const found = await store.listAudit({ ...filter, ...(before === undefined ? {} : { before }), limit: exportPage })
    for (const entry of found) yield `${JSON.stringify(entryJson(entry))}\n`
    before = found.at(-1)?.id
    if (found.length < exportPage) return
  }
}
