/** Tells everybody who remembers users that one changed: in this process at once, from others when the log is read. */
import type { CredentialSource } from '../model/ports.ts'
import { parseTenantName } from '../model/ids.ts'
import type { Committed } from './changes.ts'
import type { Connections } from './connections.ts'
import type { NamedUser } from './store-error.ts'

type ChangeListener = Parameters<CredentialSource['onChange']>[0]

/** From so many changes at once on, listeners hear "anybody may have changed" instead of each name. */
const manyChanges = 1000

/** Who hears of changes, and up to which id of `changes` they have heard. */
export interface ChangeFeed {
  onChange(listener: ChangeListener): () => void
  /** A transaction of this process was committed. */
  committed(committed: Committed): void
  /** Reads what other processes committed since, and tells it. Rejects, and forgets nothing, while the store is away. */
  catchUp(connections: Pick<Connections, 'read'>): Promise<void>
  /** The file is another one now: starts at `lastId` of it, and anybody may have changed. */
  restart(lastId: number): void
}

/**
 * Listeners must not throw. `listsChanged` is called, and waited for, before it is told that another process changed what
 * is no user's.
 */
export function createChangeFeed(
  startAtId: number,
  listsChanged: (connections: Pick<Connections, 'read'>) => Promise<void>,
): ChangeFeed {
  const listeners = new Set<ChangeListener>()
  let heardId = startAtId

  const tellAnybody = (): void => {
    for (const listener of listeners) listener(undefined)
  }
  const tell = (users: readonly NamedUser[]): void => {
    if (users.length > manyChanges) return tellAnybody()
    for (const user of users) {
      if (user.name === '') continue // about lists
      for (const listener of listeners) listener(toChanged(user))
    }
  }

  return {
    onChange: (listener) => {
      // Wrapped, so that a listener that was given twice is stopped one by one.
      const own: ChangeListener = (changed) => listener(changed)
      listeners.add(own)
      return () => listeners.delete(own)
    },
    committed: ({ firstId, lastId, users }) => {
      // Where somebody else's change lies before ours, the next look reads both, and tells ours a second time.
      if (heardId === firstId - 1) heardId = lastId
      tell(users)
    },
    catchUp: async (connections) => {
      const rows = await changesAfter(connections, heardId)
      const last = rows.at(-1)
      if (last === undefined) return
      // A gap means that rows were cleared away before we read them: who changed is not known.
      const isWhole = rows[0]?.id === heardId + 1
      const isLists = rows.length > manyChanges || !isWhole || rows.some(({ name }) => name === '')
      if (isLists) await listsChanged(connections)
      heardId = rows.length > manyChanges ? await lastChangeId(connections) : last.id
      if (isWhole) tell(rows)
      else tellAnybody()
    },
    restart: (lastId) => {
      heardId = lastId
      tellAnybody()
    },
  }
}

/** The highest id in the log of changes; 0 when there is none. */
export async function lastChangeId({ read }: Pick<Connections, 'read'>): Promise<number> {
  const row = await read.selectFrom('changes').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst()
  return row?.id ?? 0
}

function changesAfter({ read }: Pick<Connections, 'read'>, id: number) {
  return read
    .selectFrom('changes')
    .select(['id', 'tenant', 'name'])
    .where('id', '>', id)
    .orderBy('id')
    .limit(manyChanges + 1)
    .execute()
}

/** A tenant that cannot be named here cannot be told: anybody may have changed. */
function toChanged({ tenant, name }: NamedUser): Parameters<ChangeListener>[0] {
  const parsed = parseTenantName(tenant)
  return parsed === undefined ? undefined : { tenant: parsed, name }
}
