/** node:sqlite for Kysely: the only file that knows which SQLite it is. */
import { setTimeout as wait } from 'node:timers/promises'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type SqliteDatabase,
} from 'kysely'
import { sqliteCode } from './store-error.ts'
import type { Tables } from './tables.ts'

/** Milliseconds that a writer waits for another process to finish its transaction. */
const lockWaitMs = 5000
const lockRetryMs = 20
/** Compiled statements kept; the store has about forty. */
const maxStatements = 100

/** `write`: transactions begin with the write lock, so that none fails half-way. `read`: they see one moment. */
export type Access = 'read' | 'write'

export interface SqliteConnection {
  readonly db: Kysely<Tables>
  close(): void
}

export function openSqlite(file: string, access: Access): SqliteConnection {
  const database = new DatabaseSync(file, { timeout: lockWaitMs, enableForeignKeyConstraints: true })
  try {
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    // From here `begin immediate` waits without blocking the event loop: see TransactionDriver.
    if (access === 'write') database.exec('pragma busy_timeout = 0')
  } catch (error) {
    database.close()
    throw error
  }
  const db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(database, access) })
  // Not `db.destroy()`: it closes nothing where no query ran yet.
  return {
    db,
    close: () => {
      if (database.isOpen) database.close()
    },
  }
}

class NodeSqliteDialect extends SqliteDialect {
  readonly #database: DatabaseSync
  readonly #access: Access

  constructor(database: DatabaseSync, access: Access) {
    super({ database: adapt(database) })
    this.#database = database
    this.#access = access
  }

  override createDriver(): SqliteDriver {
    return new TransactionDriver(this.#database, this.#access)
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter()
  }
}

/** A migration that fails leaves nothing behind (stock: the half that was done). */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class TransactionDriver extends SqliteDriver {
  readonly #database: DatabaseSync
  readonly #access: Access

  constructor(database: DatabaseSync, access: Access) {
    super({ database: adapt(database) })
    this.#database = database
    this.#access = access
  }

  /** Takes the write lock at once; while another process holds it, tries again without stopping this one's event loop. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    const begin = CompiledQuery.raw(this.#access === 'write' ? 'begin immediate' : 'begin')
    for (let waitedMs = 0; ; waitedMs += lockRetryMs) {
      try {
        await connection.executeQuery(begin)
        return
      } catch (error) {
        if (sqliteCode(error) !== 5 || waitedMs >= lockWaitMs) throw error
      }
      await wait(lockRetryMs)
    }
  }

  /** SQLite ends a transaction itself after some errors (disk full); rolling back again would hide the first error. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'))
  }
}

function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, StatementSync>()

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    const oldest = statements.keys().next()
    if (statements.size >= maxStatements && oldest.done !== true) statements.delete(oldest.value)
    statements.set(sql, statement)
    return statement
  }

  return {
    prepare: (sql) => {
      const statement = prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      }
    },
    close: () => database.close(),
  }
}
