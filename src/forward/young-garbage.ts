/**
 * Keeps the memory of large bodies small. Each piece of a body is a Buffer of up to 64 KiB outside V8's heap with a few
 * hundred bytes inside it; V8 looks for dead ones only after about 64 MiB of them. A minor collection every 8 MiB
 * of streamed bytes costs about a millisecond and keeps a gateway that streams gigabytes within tens of megabytes.
 */
import { youngCollector } from '../model/garbage.ts'

const everyBytes = 8 * 1024 * 1024

/** Told of every piece that streams by. */
export type StreamedBytes = (count: number) => void

export function collectYoungGarbage(): StreamedBytes {
  const collect = youngCollector()
  let bytes = 0
  return (count) => {
    bytes += count
    if (bytes < everyBytes) return
    bytes = 0
    collect()
  }
}
