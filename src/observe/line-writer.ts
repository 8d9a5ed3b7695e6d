/** Log lines whose fields are JSON already, written by a pino logger where it writes its own. */
import { symbols, type DestinationStream, type Logger } from 'pino'

export type WriteLine = (level: 'error' | 'warn' | 'info', fields: string, message: string) => void

/** What pino keeps under its symbols, which its types do not tell. */
interface PinoParts {
  /** By number of the level: `{"level":"info"`. */
  readonly [symbols.lsCacheSym]: Readonly<Record<number, string>>
  /** `,"time":"…"` */
  readonly [symbols.timeSym]: () => string
  /** Of child loggers: `,"name":value`. */
  readonly [symbols.chindingsSym]: string
  readonly [symbols.streamSym]: DestinationStream
}

/** `fields` as `jsonFields` makes them; `message` needs no escapes. Lines of a level that is off are not written. */
export function lineWriter(logger: Logger): WriteLine {
  const parts = logger as unknown as PinoParts
  return (level, fields, message) => {
    if (!logger.isLevelEnabled(level)) return
    const head = parts[symbols.lsCacheSym][logger.levels.values[level] ?? 0] ?? '{'
    const bindings = parts[symbols.chindingsSym]
    parts[symbols.streamSym].write(`${head}${parts[symbols.timeSym]()}${bindings}${fields},"msg":"${message}"}\n`)
  }
}
