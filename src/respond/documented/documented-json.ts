/** Writes an answer as the backend's documents have it: `status` first, and every known time in one form. The rest stays byte for byte. */
import { nameFinder } from '../../model/json-names.ts'
import type { JsonHandler } from '../../model/json-handler.ts'
import { createTokenizer } from '../../model/json-tokens.ts'
import { createOutput, type Output } from '../output.ts'
import { documentedTimestamp } from './timestamp.ts'

export interface DocumentedJson {
  write(chunk: Buffer): Buffer
  end(): Buffer
}

const timeFields: ReadonlySet<string> = new Set([
  ...['created_at', 'updated_at', 'started_at', 'send_at', 'subscription_created_at', 'subscription_updated_at'],
  ...['loggedin_at', 'last_viewed_at', 'last_clicked_at', 'timestamp'],
])
/** What people put in themselves: a field in there has the name of one of the backend's by chance. */
const ownFields: ReadonlySet<string> = new Set([
  ...['attribs', 'meta', 'subscription_meta', 'archive_meta', 'headers', 'settings'],
])
const findField = nameFinder([...timeFields, ...ownFields])
const statusField = '"status":"success"'

/** `offsetMinutes` is east of UTC. Throws a JsonStreamError where the stream is no JSON. */
export function createDocumentedJson(offsetMinutes: number): DocumentedJson {
  const output = createOutput()
  const walk: Walk = { output, offsetMinutes, depth: 0, own: 0, member: 'other', mark: undefined, needsStatus: false }
  const tokenizer = createTokenizer(handlerOf(walk))
  const take = (): Buffer => {
    const { bytes, shift } = output.take(walk.mark)
    if (walk.mark !== undefined) walk.mark -= shift
    return bytes
  }
  return {
    write(chunk) {
      output.begin(chunk)
      tokenizer.write(chunk)
      return take()
    },
    end() {
      output.begin(Buffer.alloc(0))
      tokenizer.end()
      return take()
    },
  }
}

interface Walk {
  readonly output: Output
  readonly offsetMinutes: number
  /** Open containers, and how many of them from the one that holds what people put in. */
  depth: number
  own: number
  /** What the member to come is. */
  member: 'time' | 'own' | 'other'
  /** Where a time begins that is being read. */
  mark: number | undefined
  needsStatus: boolean
}

function handlerOf(walk: Walk): JsonHandler {
  const { output } = walk
  return {
    find: findField,
    wants(isKey, at) {
      if (isKey && walk.needsStatus) {
        walk.needsStatus = false
        output.insert(Buffer.from(`${statusField},`), at)
      }
      if (isKey || walk.own > 0 || walk.member !== 'time') return isKey && walk.own === 0
      walk.mark = output.mark(at)
      return true
    },
    key(text) {
      walk.member = 'other'
      if (text !== undefined && timeFields.has(text)) walk.member = 'time'
      if (text !== undefined && ownFields.has(text)) walk.member = 'own'
    },
    open(isArray) {
      if (walk.own > 0 || walk.member === 'own') walk.own++
      walk.needsStatus = walk.depth === 0 && !isArray
      walk.depth++
      walk.member = 'other'
    },
    close(behind) {
      if (walk.needsStatus) output.insert(Buffer.from(statusField), behind - 1)
      walk.needsStatus = false
      if (walk.own > 0) walk.own--
      walk.depth--
      walk.member = 'other'
    },
    scalar(behind, text) {
      walk.member = 'other'
      if (walk.mark === undefined) return
      const written = text === undefined ? undefined : documentedTimestamp(text.slice(1, -1), walk.offsetMinutes)
      if (written !== undefined) {
        output.rewind(walk.mark, behind)
        output.insert(Buffer.from(`"${written}"`), behind)
      }
      walk.mark = undefined
    },
    comma() {},
  }
}
