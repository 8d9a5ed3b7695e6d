/** Writes when tokens were last used. No change of a user: not audited, and nobody forgets anything. */
import { sql } from 'kysely'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { chunks } from './chunks.ts'
import type { Connections } from './connections.ts'
import type { TouchedToken } from './touches.ts'

/** In short transactions, so that neither this process nor another waits long. A later use is never overwritten by an earlier. */
export async function writeTouches({ write }: Connections, touched: readonly TouchedToken[]): Promise<void> {
  for (const chunk of chunks(touched)) {
    // Unnamed columns of VALUES are called column1, column2 in SQLite and PostgreSQL alike.
    const values = sql.join(chunk.map(([id, at]) => sql`(cast(${id} as bigint), cast(${at} as bigint))`))
    await write.transaction().execute((trx) =>
      sql`update tokens set last_used_at = used.column2 from (values ${values}) as used
          where tokens.id = used.column1 and coalesce(tokens.last_used_at, 0) < used.column2`.execute(trx),
    )
    await nextTurn()
  }
}
