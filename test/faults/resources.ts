/** What the process holds: handles of every kind, listeners on itself, bytes in buffers. */
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Resources {
  /** Kind of handle → how many. */
  readonly active: Readonly<Record<string, number>>
  readonly listeners: number
  readonly bufferMiB: number
}

/** Waits until nothing is more than it was, or nothing changes any more; gives up in the end and tells what there is. */
export async function settledResources(atMost?: Resources): Promise<Resources> {
  const givenUpAt = performance.now() + 20_000
  let last = look()
  for (let same = 0; same < 5 || (atMost !== undefined && isMore(last, atMost));) {
    if (performance.now() > givenUpAt) return last
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = look()
    same = JSON.stringify(now.active) === JSON.stringify(last.active) ? same + 1 : 0
    last = now
  }
  return last
}

const isMore = (now: Resources, then: Resources): boolean =>
  JSON.stringify(now.active) !== JSON.stringify(then.active) || now.bufferMiB - then.bufferMiB > 8

function look(): Resources {
  collect()
  const active: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo().toSorted()) active[kind] = (active[kind] ?? 0) + 1
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  return { active, listeners, bufferMiB: process.memoryUsage().arrayBuffers / 1024 / 1024 }
}

/** Of what is still held: what only waits for the collector does not count. */
export function heldBufferBytes(): number {
  collect()
  return process.memoryUsage().arrayBuffers
}

v8.setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
