/** An entry of the audit trail as every command writes it in JSON. */
import { documentedTime } from '../model/time.ts'
import type { AuditEntry } from '../store/audit.ts'

/** What is not known is `null`. */
export const auditJson = (entry: AuditEntry) => ({
  id: entry.id,
  at: documentedTime(entry.at),
  actor: entry.actor,
  origin: entry.origin ?? null,
  request_id: entry.requestId ?? null,
  action: entry.action,
  subject: entry.subject,
  details: entry.details,
  before: entry.before ?? null,
  after: entry.after ?? null,
  hash: entry.hash,
})
