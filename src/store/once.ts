/** Requests that are carried out once: sent again under the same key, they change nothing and lead to what they led to. */
import type { Transaction } from 'kysely'
import type { Once } from '../model/author.ts'
import { StoreError } from './store-error.ts'
import type { Tables } from './tables.ts'

/** How long a key is remembered. */
const keepOnceMs = 86_400_000

/** What the request led to, if it was carried out before. Throws a `StoreError` of kind `reused` for another request under its key. */
export async function findOnce(
  trx: Transaction<Tables>,
  once: Once,
  atMs: number,
): Promise<{ readonly result: unknown } | undefined> {
  const found = await trx
    .selectFrom('once')
    .select(['fingerprint', 'result'])
    .where('key', '=', once.key)
    .where('at', '>', atMs - keepOnceMs)
    .executeTakeFirst()
  if (found === undefined) return undefined
  if (found.fingerprint !== once.fingerprint) {
    throw new StoreError('reused', 'this idempotency key was given with another request before')
  }
  return { result: JSON.parse(found.result) }
}

/** `result` must survive JSON. */
export async function keepOnce(trx: Transaction<Tables>, once: Once, result: unknown, atMs: number): Promise<void> {
  await trx
    .deleteFrom('once')
    .where('at', '<=', atMs - keepOnceMs)
    .execute()
  const { key, fingerprint } = once
  await trx
    .insertInto('once')
    .values({ key, fingerprint, result: JSON.stringify(result ?? null), at: atMs })
    .execute()
}
