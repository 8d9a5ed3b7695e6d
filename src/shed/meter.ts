/** What the process looks like: how late its event loop is, how busy, and how full its heap. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import v8 from 'node:v8'
import type { Reading } from './shedding.ts'

export interface Meter {
  /** Over the time since it was last read. */
  read(): Reading
  close(): void
}

const resolutionMs = 20
const nanosecondsPerMs = 1e6

export function processMeter(): Meter {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  let last = performance.eventLoopUtilization()
  return {
    read() {
      // Its timer rings every 20 ms at best, and that counts as delay.
      const lagMs = delay.count === 0 ? 0 : Math.max(0, delay.mean / nanosecondsPerMs - resolutionMs)
      delay.reset()
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, last)
      last = now
      const { used_heap_size: used, heap_size_limit: limit } = v8.getHeapStatistics()
      return { lagMs, utilization, heapShare: used / limit }
    },
    close: () => void delay.disable(),
  }
}
