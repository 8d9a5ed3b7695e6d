/** The audit log as people read it: who did what to whom, and when. Nothing in it is ever edited or cut. */
import { sql, type Kysely, type Selectable } from 'kysely'
import type { AuditRow } from './audit-append.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

/** `origin` is the address from which the actor asked; `subject` is `tenant/name`, `tenant/list 3` or `gateway`. */
export interface AuditEntry extends AuditRow {
  readonly id: number
  /** See audit-chain.ts. */
  readonly hash: string
}

/** Only entries of which all of this is true. */
export interface AuditFilter {
  /** Epoch milliseconds: at this time or later. */
  readonly since?: number
  /** Epoch milliseconds: before this time. */
  readonly until?: number
  readonly actor?: string
  /** An action, or with a `.` at its end all that begin so: `token.`. */
  readonly action?: string
  readonly subject?: string
  /** Only what was done in this tenant. */
  readonly tenant?: string
}

export interface AuditPage extends AuditFilter {
  /** Only entries older than the one with this id. */
  readonly before?: number
  readonly limit: number
}

/** Newest first. */
export async function selectAudit(db: Kysely<Tables>, page: AuditPage): Promise<readonly AuditEntry[]> {
  const { before, limit, since, until, actor, action, subject, tenant } = page
  let query = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
  if (before !== undefined) query = query.where('id', '<', before)
  if (since !== undefined) query = query.where('at', '>=', since)
  if (until !== undefined) query = query.where('at', '<', until)
  if (actor !== undefined) query = query.where('actor', '=', actor)
  if (action !== undefined) query = query.where(...beginsWith('action', action, action.endsWith('.')))
  if (subject !== undefined) query = query.where('subject', '=', subject)
  if (tenant !== undefined) query = query.where(...beginsWith('subject', `${tenant}/`, true))
  return readable(async () => (await query.execute()).map(toEntry))
}

/** Not LIKE: SQLite's ignores the case. */
const beginsWith = (column: 'action' | 'subject', text: string, isPrefix: boolean) =>
  [
    isPrefix ? sql<string>`substr(${sql.ref(column)}, 1, ${text.length})` : sql<string>`${sql.ref(column)}`,
    '=',
    text,
  ] as const

/** Oldest first, from the one after the id `after`; 0 is the start. */
export async function selectAuditAfter(
  db: Kysely<Tables>,
  after: number,
  limit: number,
): Promise<readonly AuditEntry[]> {
  const query = db.selectFrom('audit').selectAll().where('id', '>', after).orderBy('id').limit(limit)
  return readable(async () => (await query.execute()).map(toEntry))
}

/** What Sallyport did not write may not be read: JSON that is none, times that are none, numbers beyond 2^53. */
async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause
    const message = 'an entry of the audit trail cannot be read, it was altered - see `sallyport audit verify`'
    throw new StoreError('unavailable', message, { cause })
  }
}

/** The last moment that `Date` knows, in milliseconds on both sides of 1970 (ECMA-262 §21.4.1.1). */
const maxEpochMs = 8.64e15

function toEntry({ request_id: requestId, ...row }: Selectable<Tables['audit']>): AuditEntry {
  if (Math.abs(row.at) > maxEpochMs) throw new RangeError(`no time: ${row.at}`)
  return {
    ...row,
    origin: row.origin ?? undefined,
    requestId: requestId ?? undefined,
    details: JSON.parse(row.details) as AuditRow['details'],
    before: row.before === null ? undefined : (JSON.parse(row.before) as AuditRow['details']),
    after: row.after === null ? undefined : (JSON.parse(row.after) as AuditRow['details']),
  }
}
