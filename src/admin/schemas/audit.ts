/** The audit trail and sessions of the admin API. */
import { Type } from 'typebox'
import {
  closed,
  cursor,
  limitText,
  line,
  nullable,
  page,
  rowId,
  rowIdText,
  tenantName,
  time,
  timeIn,
} from './common.ts'

const facts = Type.Record(Type.String(), Type.Unknown())

export const auditEntry = closed({
  id: rowId,
  at: time,
  actor: Type.String({ description: '`user:tenant/name`, `cli:account`, `gateway`' }),
  origin: nullable(Type.String({ description: 'the address from which they asked' })),
  request_id: nullable(Type.String()),
  action: Type.String({ examples: ['token.revoke'] }),
  subject: Type.String({ description: '`tenant/name`, `tenant/list 3`, `gateway`' }),
  details: facts,
  before: nullable(facts),
  after: nullable(facts),
  hash: Type.String(),
})

const filter = {
  tenant: Type.Optional(tenantName),
  actor: Type.Optional(line('whose acts')),
  action: Type.Optional(line('an action, or with a dot at its end all that begin so: `token.`')),
  subject: Type.Optional(line('to whom or what it was done')),
  since: Type.Optional(timeIn),
  until: Type.Optional(timeIn),
}
export const auditFilter = closed({ ...filter, limit: Type.Optional(limitText), cursor: Type.Optional(cursor) })
export const auditExportFilter = closed(filter)
export const auditPage = page(auditEntry)

export const auditVerdict = closed({
  whole: Type.Boolean(),
  count: Type.Integer({ description: 'entries that are as they were written' }),
  head: nullable(Type.String({ description: 'the hash of the last entry' })),
  broken_at: nullable(Type.String({ description: 'the id of the first entry that is not' })),
  reason: nullable(Type.String()),
})

const session = closed({
  id: rowId,
  tenant: tenantName,
  user: Type.String(),
  method: Type.Enum(['password', 'oidc', 'link']),
  second_factor: Type.Boolean(),
  address: Type.String(),
  agent: Type.String(),
  created_at: time,
  seen_at: time,
  expires_at: time,
  is_current: Type.Boolean(),
})
export const sessionList = closed({ results: Type.Array(session) })
export const sessionFilter = closed({
  tenant: Type.Optional(tenantName),
  limit: Type.Optional(limitText),
  cursor: Type.Optional(cursor),
})
export const sessionPage = page(session)
export const sessionPath = closed({ session: rowIdText })
