/** Opens the file of the store: judges it before anything is written, brings the schema up to date, gives two connections. */
import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from './migrations.ts'
import { openSqlite } from './sqlite.ts'
import { explainSqlite, StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

/** Two connections: readers never wait for a long transaction of the writer. */
export interface Connections {
  readonly read: Kysely<Tables>
  readonly write: Kysely<Tables>
  close(): void
}

/** Throws a `StoreError` of kind `unusable` and leaves the file as it was, where it cannot be a store of this version. */
export async function openConnections(file: string): Promise<Connections> {
  await prepareFile(file)
  try {
    return await connect(file, inspect(file))
  } catch (error) {
    throw explainSqlite(error, file, 'unusable')
  }
}

async function prepareFile(file: string): Promise<void> {
  const unusable = (reason: string, cause?: unknown): StoreError =>
    new StoreError('unusable', `${file}: ${reason}`, { cause })

  const folder = await stat(dirname(file)).catch(() => undefined)
  if (folder === undefined || !folder.isDirectory()) {
    throw unusable(`the folder \`${dirname(file)}\` does not exist - make it, or name another file in store.file`)
  }
  try {
    // Made here and not by SQLite, so that nobody else on the machine may read it; its companions inherit the mode.
    await (await open(file, 'wx', 0o600)).close()
    return
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw unusable(
        'cannot be made - give this process write access to its folder, or name another file in store.file',
        error,
      )
    }
  }
  const found = await stat(file)
  if (found.isDirectory()) throw unusable('is a folder - name a file in store.file')
  if (!found.isFile()) throw unusable('is not a regular file - name another file in store.file')
  try {
    await access(file, constants.R_OK | constants.W_OK)
    await access(dirname(file), constants.W_OK)
  } catch (error) {
    throw unusable('cannot be written - give this process write access to the file and its folder', error)
  }
}

/**
 * Looks at the file through a read-only connection: a store of this version (`true`), of an older one or empty (`false`).
 */
function inspect(file: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
  try {
    const tables = names(database, `select name from sqlite_schema where type = 'table'`)
    if (tables.length === 0) return false
    if (!tables.includes('kysely_migration')) {
      throw new StoreError('unusable', `${file}: is a database of something else - name another file in store.file`)
    }
    const done = names(database, 'select name from kysely_migration order by name')
    const unknown = done.find((name) => !Object.hasOwn(migrations, name))
    if (unknown === undefined) return done.length === Object.keys(migrations).length
    throw new StoreError(
      'unusable',
      `${file}: was written by a newer Sallyport (it has \`${unknown}\`) - run that version, or name another file in store.file`,
    )
  } finally {
    database.close()
  }
}

function names(database: DatabaseSync, sql: string): readonly string[] {
  return database
    .prepare(sql)
    .all()
    .map((row) => String(row['name']))
}

async function connect(file: string, isCurrent: boolean): Promise<Connections> {
  const write = openSqlite(file, 'write')
  try {
    if (!isCurrent) await migrate(write.db)
    const read = openSqlite(file, 'read')
    const close = (): void => {
      read.close()
      write.close()
    }
    return { read: read.db, write: write.db, close }
  } catch (error) {
    write.close()
    throw error
  }
}

/** In one transaction, whose lock also keeps two processes from migrating at once. */
async function migrate(db: Kysely<Tables>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const migrator = new Migrator({ db: trx, provider: { getMigrations: async () => migrations } })
    const { error } = await migrator.migrateToLatest()
    if (error !== undefined) throw error
  })
}
