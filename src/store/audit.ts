/** The audit log as people read it: who did what to whom, and when. Nothing in it is ever edited or cut. */
import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

export interface AuditEntry {
  readonly id: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly actor: string
  /** `user.create`, `token.revoke`, … */
  readonly action: string
  /** `tenant/name`. */
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface AuditPage {
  /** Only entries older than the one with this id. */
  readonly before?: number
  readonly limit: number
}

/** Newest first. */
export async function selectAudit(db: Kysely<Tables>, { before, limit }: AuditPage): Promise<readonly AuditEntry[]> {
  let query = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
  if (before !== undefined) query = query.where('id', '<', before)
  const rows = await query.execute()
  return rows.map((row) => ({ ...row, details: JSON.parse(row.details) as Record<string, unknown> }))
}
