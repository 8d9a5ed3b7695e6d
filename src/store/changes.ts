/** Writes, beside each change and in its transaction, what changed: the audit log and the log that other processes read. */
import type { Transaction } from 'kysely'
import type { Terms } from '../model/author.ts'
import { readAdministration } from './administration.ts'
import { appendAudit, type AuditRow } from './audit-append.ts'
import { chunks } from './chunks.ts'
import type { Connections } from './connections.ts'
import { findOnce, keepOnce } from './once.ts'
import type { NamedUser } from './store-error.ts'
import type { Tables } from './tables.ts'

/** One entry of the audit log: what was done to which user. Nothing in it ever holds a token or its hash. */
interface AuditNote extends NamedUser, Pick<AuditRow, 'action' | 'before' | 'after'> {
  /**
   * What was changed, where it is no user: `list 3`; then `name` is empty, and other processes read what is shared anew.
   * Where it is of no tenant, `tenant` is empty too: `gateway`.
   */
  readonly subject?: string
  readonly details?: AuditRow['details']
  /** Nothing that anybody remembers of the user is another now: a sign-in, for one. */
  readonly isQuiet?: boolean
}

export type Note = (note: AuditNote) => void

/** What other processes have not read after a day they learn by asking for everybody again. */
const keepChangesMs = 86_400_000

/** What a committed transaction changed: ids in the table `changes`, without a gap, and who. */
export interface Committed {
  readonly firstId: number
  readonly lastId: number
  readonly users: readonly NamedUser[]
}

/** Who makes the changes of a transaction, on which terms, and when. */
export interface Stamp {
  readonly terms: Terms
  readonly atMs: number
}

/**
 * Runs `work` in one transaction and writes, in the same, what it noted: to the audit log, and to the log of changes.
 * `committed` is `undefined` when nothing was noted.
 */
export async function recorded<T>(
  connections: Connections,
  by: Stamp,
  work: (trx: Transaction<Tables>, note: Note) => Promise<T>,
): Promise<{ readonly result: T; readonly committed: Committed | undefined }> {
  const { once, guard } = by.terms
  return connections.write.transaction().execute(async (trx) => {
    const before = once === undefined ? undefined : await findOnce(trx, once, by.atMs)
    if (before !== undefined) {
      once?.onReplay()
      return { result: before.result as T, committed: undefined }
    }
    const administration = guard === undefined ? undefined : await readAdministration(trx)
    const notes: AuditNote[] = []
    const result = await work(trx, (note) => notes.push(note))
    if (administration !== undefined) guard?.(administration, await readAdministration(trx))
    if (once !== undefined) await keepOnce(trx, once, result, by.atMs)
    if (notes.length === 0) return { result, committed: undefined }
    return { result, committed: await writeNotes(trx, by, notes) }
  })
}

async function writeNotes(
  trx: Transaction<Tables>,
  stamp: Stamp,
  notes: readonly AuditNote[],
): Promise<Committed | undefined> {
  const { atMs } = stamp
  const users = distinctUsers(notes.filter(({ isQuiet }) => isQuiet !== true))
  await appendAudit(trx, auditRows(stamp, notes))
  if (users.length === 0) return undefined
  const ids: number[] = []
  for (const chunk of chunks(users)) {
    const rows = chunk.map(({ tenant, name }) => ({ at: atMs, tenant, name }))
    const inserted = await trx.insertInto('changes').values(rows).returning('id').execute()
    for (const { id } of inserted) ids.push(id)
  }
  await trx
    .deleteFrom('changes')
    .where('at', '<', atMs - keepChangesMs)
    .execute()
  const { firstId, lastId } = ids.reduce(
    (range, id) => ({ firstId: Math.min(range.firstId, id), lastId: Math.max(range.lastId, id) }),
    { firstId: Infinity, lastId: 0 },
  )
  return { firstId, lastId, users }
}

function* auditRows({ terms, atMs }: Stamp, notes: readonly AuditNote[]): Generator<AuditRow> {
  const { actor, origin, requestId } = terms
  for (const { action, tenant, name, subject = name, details = {}, before, after } of notes) {
    const whole = tenant === '' ? subject : `${tenant}/${subject}`
    yield { at: atMs, actor, origin, requestId, action, subject: whole, details, before, after }
  }
}

function distinctUsers(notes: readonly AuditNote[]): readonly NamedUser[] {
  const users = new Map(notes.map(({ tenant, name }) => [JSON.stringify([tenant, name]), { tenant, name }]))
  return [...users.values()]
}
