/** Looks for what other processes changed. */
import { lastChangeId, type ChangeFeed } from './change-feed.ts'
import type { Link } from './link.ts'
import type { SharedMemory } from './shared.ts'
import { explainSqlite } from './store-error.ts'

/** The id to hear changes from, read before what is shared: a change between the two is heard, not lost. */
export async function firstLook(link: Link, file: string, shared: SharedMemory): Promise<number> {
  try {
    const lastId = await lastChangeId(link.connections())
    await shared.load(link.connections().read)
    return lastId
  } catch (error) {
    link.close()
    throw explainSqlite(error, file, 'unusable')
  }
}

/** Looks every `pollMs`, one look at a time. Does not keep the process alive. */
export function startPoll(
  link: Link,
  feed: ChangeFeed,
  shared: SharedMemory,
  pollMs: number,
): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  let isStopped = false
  let isRestartDue = false

  const look = async (): Promise<void> => {
    try {
      if ((await link.check()) === 'replaced') isRestartDue = true
      if (isRestartDue) {
        const lastId = await lastChangeId(link.connections())
        await shared.load(link.connections().read)
        feed.restart(lastId)
      } else await feed.catchUp(link.connections())
      isRestartDue = false
    } catch {
      // The store is away. `find` says so; the feed has not moved on and tells everything when it is back.
    }
    schedule()
  }
  const schedule = (): void => {
    if (isStopped) return
    timer = setTimeout(() => {
      running = look()
    }, pollMs).unref()
  }

  schedule()
  return {
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
