/** What is sent on: written anew from the values that were judged. Pure. */
import type { Outgoing } from '../context.ts'
import type { Allowed } from '../model/decision.ts'
import { writeJson, type JsonObject } from '../model/json.ts'
import { writeTarget, type Target } from '../model/target.ts'
import { writePairs } from '../model/pairs.ts'
import type { Rule } from '../policy/rule.ts'
import { writeJsonPart } from './judge-multipart.ts'
import { writeIds } from './json-places.ts'
import { writeExcepted, writeQueryIds } from './query.ts'
import { windowOf } from './window.ts'

/** The caller's body, judged. */
export type TakenBody =
  | { readonly kind: 'none' }
  /** `contentType` goes out in place of the caller's spelling; `undefined`: theirs. */
  | { readonly kind: 'stream'; readonly contentType: string | undefined }
  | { readonly kind: 'json'; readonly value: JsonObject }
  /** Fields that name something, each once. */
  | { readonly kind: 'form'; readonly value: Readonly<Record<string, string>> }
  /** JSON in one part of a multipart body, beside files. */
  | {
      readonly kind: 'parted'
      readonly part: string
      readonly bytes: Buffer
      readonly contentType: string
      readonly value: JsonObject
    }
  | {
      readonly kind: 'multipart'
      readonly bytes: Buffer
      readonly contentType: string
      readonly parts: ReadonlyMap<string, JsonObject>
    }

/** Puts the lists that the decision leaves into their places; everything else stands as it was judged. */
export function outgoingOf(rule: Rule, decision: Allowed, target: Target, body: TakenBody): Outgoing {
  // An id parameter without a value names nothing. It goes, so that no backend reads something into it.
  let pairs = writeExcepted(
    rule,
    target.query.filter(([name, value]) => value !== '' || !isIdParameter(rule, name)),
  )
  let json = body.kind === 'json' || body.kind === 'parted' ? body.value : undefined
  let sent = body
  for (const { index, ids } of decision.rewrites) {
    const demand = rule.lists[index]
    if (demand?.in === 'query') pairs = writeQueryIds(pairs, demand.name, ids)
    else if (demand?.in === 'body') json = writeIds(json ?? {}, demand.name, ids)
    else if (demand?.in === 'part' && demand.part !== undefined && sent.kind === 'multipart') {
      sent = withPartIds(sent, demand.part, demand.name, ids)
    }
    // INVARIANT: a place that cannot be written is never narrowed or filled.
    else throw new Error(`the lists of ${rule.id} cannot be written into its ${demand?.in ?? 'rule'}`)
  }
  const paged = windowOf(decision, pairs)
  return {
    target: writeTarget(target.path, paged?.pairs ?? pairs),
    ...outgoingBody(sent, json),
    window: paged?.window,
  }
}

type Multipart = Extract<TakenBody, { kind: 'multipart' }>

function withPartIds(body: Multipart, part: string, place: string, ids: readonly number[]): Multipart {
  const value = writeIds(body.parts.get(part) ?? {}, place, ids)
  const bytes = writeJsonPart(body.bytes, body.contentType, part, value)
  return { ...body, bytes, parts: new Map([...body.parts, [part, value]]) }
}

function isIdParameter(rule: Rule, name: string): boolean {
  if (rule.query.kind === 'any') return false
  const type = rule.query.parameters.get(name)
  return type === 'id' || type === 'ids'
}

function outgoingBody(body: TakenBody, json: JsonObject | undefined): Pick<Outgoing, 'body' | 'contentType'> {
  if (json !== undefined) {
    if (body.kind !== 'parted') return { body: writeJson(json), contentType: 'application/json' }
    const { bytes, contentType, part } = body
    return { body: writeJsonPart(bytes, contentType, part, json), contentType }
  }
  switch (body.kind) {
    case 'parted':
    case 'json': // Unreachable: its value is `json`. A body that was judged never goes out as anything else.
    case 'none':
      return { body: 'none', contentType: undefined }
    case 'stream':
      return { body: 'stream', contentType: body.contentType }
    case 'form': {
      const pairs = Object.entries(body.value)
      if (pairs.length === 0) return { body: 'none', contentType: undefined }
      return { body: Buffer.from(writePairs(pairs)), contentType: 'application/x-www-form-urlencoded' }
    }
    case 'multipart':
      return { body: body.bytes, contentType: body.contentType }
  }
}
