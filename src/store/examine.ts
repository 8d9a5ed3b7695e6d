/** Looks at the file of a store from outside: what the last process that used it left, and whether it is whole. Writes nothing. */
import { stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { explainSqlite, StoreError } from './store-error.ts'

/** The end of the audit trail: how many entries it has, and the id and hash of the last. */
export interface TrailEnd {
  readonly count: number
  readonly lastId: number
  readonly hash: string
}

export interface Examination {
  /** Bytes of changes that were not merged into the file: the last process did not close it, or another one uses it now. */
  readonly walBytes: number
  readonly trail: TrailEnd
  /** The last entry is the one that the head of the trail names. */
  readonly isHeadRight: boolean
}

/**
 * What is found before a store is opened; `undefined` where there is none yet, one of an earlier version, or one that cannot be read:
 * whoever opens it says why. Rejects with a `StoreError` of kind `unusable` where the file is damaged.
 */
export async function examineStore(file: string): Promise<Examination | undefined> {
  // Before anybody reads: that is enough for SQLite to take the log over.
  const walBytes = (await stat(`${file}-wal`).catch(() => undefined))?.size ?? 0
  try {
    return await reading(file, (database) => examine(database, file, walBytes))
  } catch (error) {
    if (error instanceof StoreError && error.message.includes(damaged)) throw error
    return undefined
  }
}

/** As SQLite's own word for it is explained in store-error.ts. */
const damaged = 'is damaged - put a backup in its place'

function examine(database: DatabaseSync, file: string, walBytes: number): Examination {
  const verdict = Object.values(database.prepare('pragma quick_check(1)').get() ?? {})[0]
  if (verdict !== 'ok') {
    throw new StoreError('unusable', `${file}: ${damaged}`, { cause: new Error(String(verdict)) })
  }
  const trail = endOf(database)
  const last = database.prepare('select id, hash from audit order by id desc limit 1').get()
  const isHeadRight =
    last === undefined ? trail.count === 0 : last['id'] === trail.lastId && last['hash'] === trail.hash
  return { walBytes, trail, isHeadRight }
}

/** The end of the trail now, and whether it still holds the end that was noted earlier. */
export async function readTrail(
  file: string,
  noted: TrailEnd | undefined,
): Promise<{ readonly end: TrailEnd; readonly holdsNoted: boolean } | undefined> {
  return reading(file, (database) => ({
    end: endOf(database),
    holdsNoted: noted === undefined || holds(database, noted),
  }))
}

/** What `look` says of a store that is there and has a trail. */
async function reading<T>(file: string, look: (database: DatabaseSync) => T): Promise<T | undefined> {
  const found = await stat(file).catch(() => undefined)
  if (found === undefined || !found.isFile() || found.size === 0) return undefined
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
    try {
      const hasTrail = database.prepare(`select 1 from sqlite_schema where name = 'audit_head'`).get() !== undefined
      return hasTrail ? look(database) : undefined
    } finally {
      database.close()
    }
  } catch (error) {
    throw explainSqlite(error, file, 'unusable')
  }
}

function endOf(database: DatabaseSync): TrailEnd {
  const head = database.prepare('select count, last_id, hash from audit_head').get()
  return {
    count: Number(head?.['count'] ?? 0),
    lastId: Number(head?.['last_id'] ?? 0),
    hash: String(head?.['hash'] ?? ''),
  }
}

function holds(database: DatabaseSync, { count, lastId, hash }: TrailEnd): boolean {
  if (count === 0) return true
  const row = database.prepare('select hash from audit where id = ?').get(lastId)
  return row?.['hash'] === hash
}
