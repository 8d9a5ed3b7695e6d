/** What is done to a running gateway, for the audit trail. Nobody waits for it: a store that is away ends nothing. */
import type { By } from '../model/author.ts'
import type { Act, Store } from '../store/store.ts'

export interface Acts {
  note(action: `gateway.${string}`, details: Act['details']): void
  /** All that was noted is written, or was warned of. */
  settled(): Promise<void>
}

/** One at a time, in the order in which they were noted. */
export function gatewayActs(
  store: Pick<Store, 'recordAct'>,
  by: By,
  warn: (facts: object, message: string) => void,
): Acts {
  let last: Promise<void> = Promise.resolve()
  const write = async (act: Act): Promise<void> => {
    try {
      await store.recordAct(act, by)
    } catch (error) {
      warn({ action: act.action, details: act.details, cause: String(error) }, 'this is not in the audit trail')
    }
  }
  return {
    note: (action, details) => {
      last = last.then(() => write({ action, subject: 'gateway', details }))
    },
    settled: () => last,
  }
}
