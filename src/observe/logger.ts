/** The log: JSON lines through pino, buffered and flushed several times a second. */
import { pino, type DestinationStream, type Logger } from 'pino'

export interface Log {
  readonly logger: Logger
  /** Writes what is buffered; call at the end of the process. */
  close(): void
}

const flushEveryMs = 250

/** Lines go to `stream`, or to standard output in pieces of 4 KiB and at least every 250 ms. */
export function createLog(level: string, stream?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  if (stream !== undefined) return { logger: pino(options, stream), close: () => {} }

  const destination = pino.destination({ dest: 1, minLength: 4096, sync: true })
  const timer = setInterval(() => destination.flush(), flushEveryMs).unref()
  return {
    logger: pino(options, destination),
    close: () => {
      clearInterval(timer)
      destination.flushSync()
    },
  }
}
