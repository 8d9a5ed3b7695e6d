/** What a request touches: one reading for each place that its rule names. Pure. */
import type { Asked, Reading, Scope, StoredReading } from '../model/decision.ts'
import { matchComparison } from '../model/comparison.ts'
import { parseListId } from '../model/ids.ts'
import type { JsonObject } from '../model/json.ts'
import type { ListDemand, Rule, StoredDemand, When } from '../policy/rule.ts'
import { readIds, readNames, readText } from './json-places.ts'
import { readQueryIds, type Pairs } from './query.ts'

/** The places of one request, read and checked, before anything is decided. */
export interface Places {
  readonly params: Readonly<Record<string, string>>
  readonly query: Pairs
  /** The JSON body, or the fields of a form; `undefined`: there is none, or it is not read. */
  readonly body: JsonObject | undefined
  /** The JSON of the multipart parts that hold some. */
  readonly parts: ReadonlyMap<string, JsonObject>
}

/** Reads the request. Stored things are not looked up here: their reading is `unknown` until somebody does. */
export function readScope(rule: Rule, places: Places): Scope {
  return {
    readings: rule.lists.map((demand) => readDemand(demand, places)),
    asked: rule.when.map((when) => readWhen(when, places)),
  }
}

function readDemand(demand: ListDemand, places: Places): Reading | StoredReading {
  switch (demand.in) {
    case 'path': {
      const id = parseListId(places.params[demand.name] ?? '')
      return id === undefined ? { kind: 'unreadable', why: `the path's ${demand.name}` } : { kind: 'lists', ids: [id] }
    }
    case 'query':
      return readQueryIds(places.query, demand.name)
    case 'body':
      return places.body === undefined ? { kind: 'absent' } : readIds(places.body, demand.name)
    case 'part': {
      const part = places.parts.get(demand.part ?? '')
      return part === undefined ? { kind: 'absent' } : readIds(part, demand.name)
    }
    case 'stored':
      return readStored(demand, places)
  }
}

/** Whether the request names such a thing. Which lists it is on is for whoever looks it up. */
function readStored({ id }: StoredDemand, places: Places): StoredReading {
  switch (id.in) {
    case 'path':
      return { kind: 'unknown' }
    case 'query':
      return places.query.some(([name, value]) => name === id.name && value !== '')
        ? { kind: 'unknown' }
        : { kind: 'absent' }
    case 'body': {
      const texts = places.body === undefined ? { kind: 'texts' as const, texts: [] } : readText(places.body, id.name)
      if (texts.kind === 'unreadable') return { kind: 'unreadable', why: `\`${id.name}\`` }
      // A lone empty text names nothing, as clients send a field that they do not use.
      const isNamed = texts.texts.length > 0 && !(texts.texts.length === 1 && texts.texts[0] === '')
      return isNamed ? { kind: 'unknown' } : { kind: 'absent' }
    }
  }
}

function readWhen(when: When, places: Places): Asked {
  const value = valueOf(when, places)
  if (value.kind === 'unreadable') return 'unreadable'
  if (when.named !== undefined) return value.texts.some((name) => isNamed(when.named, name)) ? 'used' : 'not-used'
  const texts = value.texts.filter((text) => text !== '' && matchComparison(when.except, text) === undefined)
  if (when.is === undefined) return texts.length > 0 ? 'used' : 'not-used'
  return texts.some((text) => when.is?.includes(text)) ? 'used' : 'not-used'
}

/** RFC 5322 §2.2. With anything else in it (`"Bcc "`) it is for the mail server to say which header it is. */
const headerName = /^[!-9;-~]+$/

/** Go takes `bcc` and `BCC` for `Bcc`. */
const isNamed = (names: readonly string[] = [], name: string): boolean =>
  !headerName.test(name) || names.includes(name.toLowerCase())

type Value = { readonly kind: 'texts'; readonly texts: readonly string[] } | { readonly kind: 'unreadable' }

function valueOf(when: When, places: Places): Value {
  if (when.in === 'query') {
    return { kind: 'texts', texts: places.query.filter(([name]) => name === when.name).map(([, value]) => value) }
  }
  const holder = when.in === 'body' ? places.body : places.parts.get(when.part ?? '')
  if (holder === undefined) return { kind: 'texts', texts: [] }
  return when.named === undefined ? readText(holder, when.name) : readNames(holder, when.name)
}
