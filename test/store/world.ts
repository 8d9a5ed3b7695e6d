/** A folder of its own for each test, a clock that moves when told, and stores that are closed at the end. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Migrator } from 'kysely/migration'
import { onTestFinished } from 'vitest'
import { parseTenantName, type TenantName } from '../../src/model/ids.ts'
import type { Clock } from '../../src/model/time.ts'
import { migrations } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openStore, type Store } from '../../src/store/store.ts'

export interface TestClock extends Clock {
  advance(ms: number): void
}

export function testClock(startMs = Date.UTC(2026, 0, 1)): TestClock {
  let nowMs = startMs
  return {
    epochMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    advance: (ms) => {
      nowMs += ms
    },
  }
}

export function tenantNamed(name: string): TenantName {
  const parsed = parseTenantName(name)
  if (parsed === undefined) throw new Error(`not a tenant name: ${name}`)
  return parsed
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-store-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Looks for other processes' changes every 10 ms. */
export async function storeAt(file: string, clock: Clock = testClock()): Promise<Store> {
  const store = await openStore({ file, clock, pollMs: 10 })
  onTestFinished(() => store.close())
  return store
}

/** A store as the version wrote it whose last step was `step`. */
export async function olderStoreAt(file: string, step: string): Promise<void> {
  const { db, close } = openSqlite(file, 'write')
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateTo(step)
  close()
  if (error !== undefined) throw error
}
