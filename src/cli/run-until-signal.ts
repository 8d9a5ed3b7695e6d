/** Runs until the operator ends it: the first signal drains, a second one ends at once. */
import type { Gateway } from '../app.ts'

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** Resolves to the exit code: 0 after a clean drain, 1 when the deadline cut something off. */
export function runUntilSignal(gateway: Gateway, onSignal: (signal: string) => void): Promise<0 | 1> {
  return new Promise((resolve, reject) => {
    let ending = false
    const end = (signal: 'SIGINT' | 'SIGTERM'): void => {
      if (ending) process.exit(exitCodes[signal])
      ending = true
      onSignal(signal)
      gateway.drain().then((finished) => resolve(finished ? 0 : 1), reject)
    }
    process.on('SIGINT', () => end('SIGINT'))
    process.on('SIGTERM', () => end('SIGTERM'))
  })
}
