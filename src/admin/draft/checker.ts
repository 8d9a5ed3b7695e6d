/** Judges drafts in a thread of their own, one at a time, within a time and a memory. */
import { Worker } from 'node:worker_threads'
import { refused } from '../../model/failure.ts'
import type { Draft, DraftVerdict } from './verdict.ts'

export interface DraftChecker {
  /** Rejects with the Failure `overloaded` while another one is judged, or where it takes too long. */
  check(draft: Draft): Promise<DraftVerdict>
}

const maxMs = 20_000
const maxHeapMiB = 256

/** Compiled and from source the file has another ending. */
const workerFile = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

export function draftChecker(): DraftChecker {
  let isBusy = false
  return {
    check: async (draft) => {
      if (isBusy) throw refused('overloaded', { message: 'another draft is being checked', retryAfterSeconds: 2 })
      isBusy = true
      try {
        return await judge(draft)
      } finally {
        isBusy = false
      }
    },
  }
}

async function judge(draft: Draft): Promise<DraftVerdict> {
  const worker = new Worker(workerFile, { workerData: draft, resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB } })
  const { promise, resolve, reject } = Promise.withResolvers<DraftVerdict>()
  const late = setTimeout(() => {
    reject(refused('overloaded', { message: 'this draft takes too long to judge', retryAfterSeconds: 60 }))
  }, maxMs)
  worker.on('message', resolve)
  worker.on('error', (error: Error & { readonly code?: string }) => {
    const isTooMuch = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    reject(
      isTooMuch ? refused('overloaded', { message: 'this draft is too much to judge', retryAfterSeconds: 60 }) : error,
    )
  })
  worker.on('exit', () => reject(new Error('the thread that judges drafts ended')))
  try {
    return await promise
  } finally {
    clearTimeout(late)
    await worker.terminate()
  }
}
