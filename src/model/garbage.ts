/** V8's garbage collector, asked by hand in the two places where waiting for it costs memory: after a start, and while bodies stream. */
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: {
  readonly type: 'minor' | 'major'
  readonly execution?: 'sync'
  readonly flavor?: 'last-resort'
}) => void

function collector(): Collect {
  v8.setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}

/** A minor collection: about a millisecond. */
export function youngCollector(): () => void {
  const collect = collector()
  return () => collect({ type: 'minor' })
}

/** Gives back what reading code, policies and schemas has left behind: a quarter of the memory of an idle gateway, for about 60 ms. */
export function compactHeap(): void {
  collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
