/** Appends to the audit trail. Nothing else writes to it. */
import { sql, type Transaction } from 'kysely'
import { chainHash } from './audit-chain.ts'
import { chunks } from './chunks.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

/** JSON objects; `undefined` in one is left out. Never a token or its hash. */
type Facts = Readonly<Record<string, unknown>>

export interface AuditRow {
  /** Epoch milliseconds. */
  readonly at: number
  readonly actor: string
  readonly origin: string | undefined
  readonly requestId: string | undefined
  /** `user.create`, `token.revoke`, … */
  readonly action: string
  readonly subject: string
  /** What else is to be said of the act. */
  readonly details: Facts
  /** The state that was changed; `undefined` where there was none, or none is known. */
  readonly before: Facts | undefined
  readonly after: Facts | undefined
}

/**
 * INVARIANT: `trx` holds the write lock since it began (`begin immediate`), so that nobody else appends between the reading of the head
 * and the commit.
 */
export async function appendAudit(trx: Transaction<Tables>, rows: Iterable<AuditRow>): Promise<void> {
  const head = await trx.selectFrom('audit_head').selectAll().executeTakeFirst()
  if (head === undefined) {
    throw new StoreError(
      'unavailable',
      'the audit trail has no head: run `sallyport audit verify`, and see SECURITY.md',
    )
  }
  let { count, hash } = head
  // Beyond what the head knows only where somebody wrote past Sallyport: their row is found, and stops nobody.
  let lastId = Math.max(head.last_id, await highestId(trx))
  for (const chunk of chunks(rows)) {
    const chained = chunk.map((row) => {
      lastId += 1
      count += 1
      const stored = toStored(lastId, row)
      hash = chainHash(hash, { ...stored, id: String(lastId), at: String(row.at) })
      return { ...stored, hash }
    })
    await trx.insertInto('audit').values(chained).execute()
  }
  await trx.updateTable('audit_head').set({ count, last_id: lastId, hash }).execute()
}

async function highestId(trx: Transaction<Tables>): Promise<number> {
  const { rows } = await sql<{ readonly id: number }>`select coalesce(max(id), 0) as id from audit`.execute(trx)
  return rows[0]?.id ?? 0
}

const toStored = (id: number, row: AuditRow) => ({
  id,
  at: row.at,
  actor: row.actor,
  origin: row.origin ?? null,
  request_id: row.requestId ?? null,
  action: row.action,
  subject: row.subject,
  details: JSON.stringify(row.details),
  before: row.before === undefined ? null : JSON.stringify(row.before),
  after: row.after === undefined ? null : JSON.stringify(row.after),
})
