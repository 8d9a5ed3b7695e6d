/** What becomes of an answer on its way to this caller: passes, is cut, is written as documented, or is refused. */
import type { Gate } from '../context.ts'
import { refused } from '../model/failure.ts'
import type { FlatHeaders } from '../model/ports.ts'
import { headerOf } from './answer-headers.ts'
import { isJson } from './backend-failure.ts'
import { type BodyFilter, chained } from './body-filter.ts'
import { createAnswerCutter } from './cut/answer-cutter.ts'
import type { LookUp } from './cut/whole-cutter.ts'
import { decoderFor } from './decode.ts'
import { createDocumentedJson } from './documented/documented-json.ts'
import { createNotFound, type NotFound } from './documented/not-found.ts'
import type { Treatment } from './filtering.ts'

export interface TreatmentContext {
  readonly gate: Gate
  readonly isHead: boolean
  readonly lookUp: LookUp
}

/** About the bytes that the backend sent, which are not the ones that go out. */
const lostHeaders: ReadonlySet<string> = new Set([
  ...['content-length', 'content-encoding', 'etag', 'last-modified', 'accept-ranges', 'content-range'],
  ...['content-md5', 'digest', 'content-digest', 'repr-digest'],
])

/** `undefined` for a request whose answer passes as it is, whatever it is. */
export function treatmentFor(
  context: TreatmentContext,
): ((status: number, headers: FlatHeaders) => Treatment) | undefined {
  const { gate } = context
  const isCut = gate.decision?.effect === 'allow' && gate.decision.cuts.length > 0
  const isPublic = gate.match?.kind === 'rule' && gate.match.rule.allow.kind === 'public'
  const isDocumented = gate.tenant?.config.contract === 'documented' && !isPublic
  if (!isCut && !isDocumented) return undefined

  return (status, headers) => {
    // A 5xx never shows anything of its body.
    if (status >= 500) return { kind: 'pass', headers }
    const hasBody = !context.isHead && status !== 204 && status !== 304
    // What a GET would get has another length here.
    if (!hasBody) return { kind: 'pass', headers: isCut || isJson(headers) ? less(headers) : headers }
    if (isCut) return treatCut(context, isDocumented, status, headers)
    const decoder = decoderFor(headerOf(headers, 'content-encoding'))
    const documented = isJson(headers) ? documentedFilter(gate, status) : undefined
    if (documented === undefined || decoder === undefined) return { kind: 'pass', headers }
    return { kind: 'filter', headers: less(headers), decoder, ...documented }
  }
}

function treatCut(context: TreatmentContext, isDocumented: boolean, status: number, headers: FlatHeaders): Treatment {
  const { gate, lookUp } = context
  if (!isJson(headers)) {
    if (status >= 300) return { kind: 'pass', headers }
    return refusal(`an answer that is to be cut is \`${headerOf(headers, 'content-type') ?? 'of no type'}\``)
  }
  if (status === 206) return refusal('a part of an answer that is to be cut')
  const decoder = decoderFor(headerOf(headers, 'content-encoding'))
  if (decoder === undefined) return refusal('an answer that is to be cut is in an unknown coding')

  const cuts = gate.decision?.effect === 'allow' ? gate.decision.cuts : []
  const cutter = createAnswerCutter(cuts, gate.outgoing?.window, lookUp)
  const documented = isDocumented ? documentedFilter(gate, status) : undefined
  const cut = { kind: 'filter', headers: less(headers), decoder } as const
  if (documented === undefined) return { ...cut, status: () => status, filter: cutter }
  return { ...cut, status: documented.status, filter: chained(cutter, documented.filter) }
}

interface Documented {
  readonly status: () => number
  readonly filter: BodyFilter
}

function documentedFilter(gate: Gate, status: number): Documented | undefined {
  if (status === 400) {
    const filter: NotFound = createNotFound()
    return { filter, status: () => (filter.isNotFound() ? 404 : 400) }
  }
  if (status > 299 || status === 206) return undefined
  return { filter: createDocumentedJson(gate.tenant?.config.timezoneMinutes ?? 0), status: () => status }
}

function less(headers: FlatHeaders): FlatHeaders {
  return headers.filter((_, at) => !lostHeaders.has((headers[at - (at % 2)] ?? '').toLowerCase()))
}

const refusal = (cause: string): Treatment => ({
  kind: 'refuse',
  failure: refused('upstream-protocol', { proxyError: 'http_protocol_error', cause }),
})
