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
    timestamp: timestamps(),
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

/** The time as pino wants it, RFC 3339 with milliseconds. The text of a second is made once. */
function timestamps(): () => string {
  let second = NaN
  let text = ''
  return () => {
    const now = Date.now()
    const milliseconds = now % 1000
    if (now - milliseconds !== second) {
      second = now - milliseconds
      text = `,"time":"${new Date(second).toISOString().slice(0, 20)}`
    }
    return `${text}${String(milliseconds).padStart(3, '0')}Z"`
  }
}
