/** Notes the end of the audit trail beside the store while `serve` runs, and tells when the store was put back as it was earlier. */
import { readTrail } from '../store/examine.ts'
import { readMark, writeMark } from './store-mark.ts'

export interface StoreWatch {
  /** Looks once more and stops. */
  close(): Promise<void>
}

export interface StoreWatchParts {
  readonly file: string
  readonly epochMs: () => number
  /** Calls back when somebody changed, in this process or another; returns how to stop. */
  readonly onChange: (listener: () => void) => () => void
  readonly warn: (facts: object, message: string) => void
  /** Told what of the trail is gone. */
  readonly onOlder: (facts: { readonly entries: number; readonly entries_before: number }) => void
}

const lookEveryMs = 30_000
/** From a change to the look: several at once are one. */
const settledMs = 500
const olderStore =
  'the store is an older one, or another, than was used here last: what was changed since is gone, and what was revoked since is valid again'

export function watchStore({ file, epochMs, onChange, warn, onOlder }: StoreWatchParts): StoreWatch {
  const look = async (): Promise<void> => {
    try {
      const mark = await readMark(file)
      const seen = await readTrail(file, mark)
      if (seen === undefined) return
      if (!seen.holdsNoted && mark !== undefined) {
        const facts = { entries: seen.end.count, entries_before: mark.count }
        warn(facts, olderStore)
        onOlder(facts)
      }
      await writeMark(file, { ...seen.end, at: Math.max(epochMs(), mark?.at ?? 0) })
    } catch (error) {
      // The store is away, or its folder cannot be written: requests tell of the first, and this of the second.
      warn({ cause: String(error) }, 'what was seen of the store last could not be noted')
    }
  }
  let running = look()
  const lookAgain = (): void => {
    running = running.then(look)
  }
  const timer = setInterval(lookAgain, lookEveryMs).unref()
  let soon: NodeJS.Timeout | undefined
  const stop = onChange(() => {
    soon ??= setTimeout(() => {
      soon = undefined
      lookAgain()
    }, settledMs).unref()
  })
  return {
    close: async () => {
      stop()
      clearInterval(timer)
      clearTimeout(soon)
      await running
      await look()
    },
  }
}
