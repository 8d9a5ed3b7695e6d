/** Walks the chain of the audit trail from its start, and says where it is broken first. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql, type Kysely } from 'kysely'
import { chainHash, fieldNames, genesis, type ChainFields } from './audit-chain.ts'
import type { Tables } from './tables.ts'

/** A head as it was printed before and noted elsewhere: the first `count` rows end in `hash`. */
export interface NotedHead {
  readonly count: number
  readonly hash: string
}

/** `count` rows were looked at and are as they were written; `id` is the row that is wrong, in decimal. */
export type AuditVerdict =
  | { readonly kind: 'whole'; readonly count: number; readonly hash: string }
  | { readonly kind: 'broken'; readonly count: number; readonly id: string | undefined; readonly reason: BreakReason }

/**
 * `changed`: the row is not the one that was written after the row before it. `missing`: as `changed`, and ids are left out before it.
 * `unaccounted`: a row after the last that the head counts. `cut`: rows are missing at the end. `head`: the head is missing, or
 * is not that of the last row. `noted`: the trail is whole in itself, and not the one whose head was noted.
 */
export type BreakReason = 'changed' | 'missing' | 'unaccounted' | 'cut' | 'head' | 'noted'

interface Head {
  readonly count: number
  readonly hash: string
}

interface Walk {
  count: number
  hash: string
  lastId: string
  /** The hash after the noted number of rows, once the walk has passed it. */
  notedHash: string | undefined
}

/** Rows at a time: the memory that a trail of any length takes. */
const pageRows = 1000

/** Reads everything in one moment: rows that are written meanwhile are not looked at. */
export function verifyAudit(
  db: Kysely<Tables>,
  noted?: NotedHead,
  onProgress: (count: number) => void = () => undefined,
): Promise<AuditVerdict> {
  return db.transaction().execute(async (trx) => {
    const head = await readHead(trx)
    const walk: Walk = { count: 0, hash: genesis, lastId: '0', notedHash: noted?.count === 0 ? genesis : undefined }
    for (let first = true; ; first = false) {
      const rows = await readPage(trx, first ? undefined : walk.lastId)
      for (const row of rows) {
        const wrong = step(walk, row, head, noted)
        if (wrong !== undefined) return wrong
      }
      if (rows.length < pageRows) return atTheEnd(walk, head, noted)
      onProgress(walk.count)
      await nextTurn()
    }
  })
}

function step(walk: Walk, row: StoredRow, head: Head | undefined, noted: NotedHead | undefined) {
  const { hash, ...fields } = row
  const id = textOf(fields.id)
  const broken = (reason: BreakReason): AuditVerdict => ({ kind: 'broken', count: walk.count, id, reason })
  if (chainHash(walk.hash, fields) !== textOf(hash)) {
    return broken(id === String(BigInt(walk.lastId) + 1n) ? 'changed' : 'missing')
  }
  if (head !== undefined && walk.count >= head.count) return broken('unaccounted')
  walk.count += 1
  walk.hash = textOf(hash)
  walk.lastId = id
  if (walk.count === noted?.count) walk.notedHash = walk.hash
  return undefined
}

function atTheEnd(walk: Walk, head: Head | undefined, noted: NotedHead | undefined): AuditVerdict {
  const { count } = walk
  const broken = (reason: BreakReason): AuditVerdict => ({ kind: 'broken', count, id: undefined, reason })
  if (head === undefined) return broken('head')
  if (head.count > count) return broken('cut')
  if (head.hash !== walk.hash) return broken('head')
  if (noted !== undefined && walk.notedHash !== noted.hash) return broken('noted')
  return { kind: 'whole', count, hash: walk.hash }
}

async function readHead(trx: Kysely<Tables>): Promise<Head | undefined> {
  const { rows } = await sql<{ readonly count: string; readonly hash: string }>`
    select cast(count as text) as count, hash from audit_head`.execute(trx)
  const [row] = rows
  return row && { count: Number(row.count), hash: row.hash }
}

type StoredRow = { readonly [Name in keyof ChainFields]: Uint8Array | null } & {
  readonly id: Uint8Array
  readonly hash: Uint8Array
}

/** As bytes: text that is no UTF-8 would be read as other text, and numbers beyond 2^53 not at all. */
async function readPage(trx: Kysely<Tables>, afterId: string | undefined): Promise<readonly StoredRow[]> {
  const bytes = [...fieldNames, 'hash'].map(
    (name) => sql`cast(cast(${sql.ref(name)} as text) as blob) as ${sql.ref(name)}`,
  )
  const after = afterId === undefined ? sql`` : sql`where id > cast(${afterId} as integer)`
  const page = sql<StoredRow>`select ${sql.join(bytes)} from audit ${after} order by audit.id limit ${pageRows}`
  return (await page.execute(trx)).rows
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
