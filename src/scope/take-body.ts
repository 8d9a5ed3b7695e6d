/** The caller's body as the rule takes it: not at all, unread, or read whole within a bound and judged. */
import type { IncomingMessage } from 'node:http'
import { refused, type Failure } from '../model/failure.ts'
import type { JsonObject } from '../model/json.ts'
import type { ScreenedHeaders } from '../model/screened-headers.ts'
import type { BodyShape, MultipartShape, Parted } from '../policy/body-shape.ts'
import type { Rule } from '../policy/rule.ts'
import { readBody } from './body.ts'
import { parseContentType } from './content-type.ts'
import { judgeForm } from './judge-form.ts'
import { judgeJson } from './judge-json.ts'
import { judgeMultipart } from './judge-multipart.ts'
import { judgeMedia } from './media.ts'
import type { TakenBody } from './outgoing.ts'

interface Taken {
  readonly body: TakenBody
  readonly bytesIn: number
}

/** What can be judged before the body comes. */
export type BodyHead = Pick<ScreenedHeaders, 'contentType' | 'contentEncoding' | 'framing'>

const declaredLength = ({ framing }: BodyHead): number | undefined =>
  framing.kind === 'length' ? framing.bytes : undefined

/** What can be said against a body from the head alone. */
export function bodyFailure(shape: BodyShape, head: BodyHead): Failure | undefined {
  if (head.framing.kind === 'none') return undefined
  // Backends read multipart fields on any method, GET and DELETE among them: an undeclared body is never sent on.
  if (shape.kind === 'none') return refused('body-not-expected', { close: true })
  const media = judgeMedia(shape, head.contentType, head.contentEncoding)
  if (media.kind === 'unsupported') return refused('media-type-unsupported', { message: media.why, close: true })
  if (shape.kind !== 'stream' && (declaredLength(head) ?? 0) > maxBytesOf(shape, head)) {
    return refused('body-too-large', { close: true })
  }
  return undefined
}

/** What reading the body may hold in memory; 0 where it is not read. */
export function bytesToHold(shape: BodyShape, head: BodyHead): number {
  if (shape.kind === 'none' || shape.kind === 'stream' || head.framing.kind === 'none') return 0
  return declaredLength(head) ?? maxBytesOf(shape, head)
}

/** Reads the body where the rule must. Rejects with a Failure. Synchronous where nothing has to be waited for. */
export function takeBody(rule: Rule, head: BodyHead, message: IncomingMessage): TakenBody | Promise<Taken> {
  const shape = rule.body
  if (shape.kind === 'none') return { kind: 'none' }
  const isThere = head.framing.kind !== 'none'
  if (shape.kind === 'stream') return isThere ? streamed(shape, head) : { kind: 'none' }
  if (!isThere) return judgeBytes(rule, Buffer.alloc(0), undefined)
  return readWhole(rule, maxBytesOf(shape, head), head, message)
}

function maxBytesOf(shape: Exclude<BodyShape, { kind: 'none' | 'stream' }>, { contentType }: BodyHead): number {
  const parted = shape.kind === 'json' && isMultipart(contentType) ? shape.parted : undefined
  return parted?.shape.maxBytes ?? shape.maxBytes
}

function isMultipart(contentType: string | undefined): boolean {
  const type = parseContentType(contentType)
  return type.kind === 'type' && type.essence === 'multipart/form-data'
}

function streamed(shape: BodyShape & { kind: 'stream' }, head: BodyHead): TakenBody {
  const media = judgeMedia(shape, head.contentType, head.contentEncoding)
  return { kind: 'stream', contentType: media.kind === 'taken' ? media.contentType : undefined }
}

async function readWhole(rule: Rule, maxBytes: number, head: BodyHead, message: IncomingMessage): Promise<Taken> {
  const read = await readBody(message, { maxBytes, declaredLength: declaredLength(head) })
  switch (read.kind) {
    case 'too-large':
      throw refused('body-too-large', { close: true })
    case 'aborted':
      throw refused('body-unreadable', { message: 'the body ended early', close: true })
    case 'body':
      return { body: judgeBytes(rule, read.bytes, head.contentType), bytesIn: read.bytes.length }
  }
}

/** A body's bytes as the rule's shape reads them; throws a Failure where they cannot be read in exactly one way. */
export function judgeBytes(rule: Rule, bytes: Buffer, contentType: string | undefined): TakenBody {
  const shape = rule.body
  if (shape.kind === 'json') {
    const parted = isMultipart(contentType) ? shape.parted : undefined
    return parted === undefined ? judgeJsonBody(shape, rule, bytes) : judgeParted(parted, rule, bytes, contentType)
  }
  if (shape.kind === 'form') return judgeFormBody(shape, bytes)
  if (shape.kind !== 'multipart')
    return bytes.length > 0 && shape.kind === 'stream' ? { kind: 'stream', contentType } : { kind: 'none' }
  return judgeParts(shape, rule, bytes, contentType)
}

type Multipart = Extract<TakenBody, { kind: 'multipart' }>

function judgeParts(shape: MultipartShape, rule: Rule, bytes: Buffer, contentType: string | undefined): Multipart {
  const judged = judgeMultipart(shape, judgedNames(rule), bytes, contentType)
  if (judged.kind === 'unreadable') throw refused('body-unreadable', { message: judged.why })
  if (judged.kind === 'invalid') throw refused('body-invalid', { details: { fields: judged.fields } })
  return { kind: 'multipart', bytes, contentType: judged.contentType, parts: judged.parts }
}

function judgeParted({ json, shape }: Parted, rule: Rule, bytes: Buffer, contentType: string | undefined): TakenBody {
  const judged = judgeParts(shape, rule, bytes, contentType)
  const value = judged.parts.get(json)
  if (value === undefined) throw refused('body-unreadable', { message: `the part \`${json}\` is missing` })
  return { kind: 'parted', part: json, bytes, contentType: judged.contentType, value }
}

function judgeJsonBody(shape: Extract<BodyShape, { kind: 'json' }>, rule: Rule, bytes: Buffer): TakenBody {
  const judged = judgeJson(shape, judgedNames(rule), bytes)
  switch (judged.kind) {
    case 'ok':
      return { kind: 'json', value: judged.value satisfies JsonObject }
    case 'absent':
      if (shape.optional) return { kind: 'none' }
      throw refused('body-unreadable', { message: 'this endpoint takes a JSON object' })
    case 'unreadable':
      throw refused('body-unreadable', { message: judged.why })
    case 'invalid':
      throw refused('body-invalid', { details: { fields: judged.fields } })
  }
}

function judgeFormBody(shape: Extract<BodyShape, { kind: 'form' }>, bytes: Buffer): TakenBody {
  if (bytes.length === 0) {
    if (shape.optional) return { kind: 'none' }
    throw refused('body-unreadable', { message: 'this endpoint takes a form' })
  }
  const judged = judgeForm(shape.fields, bytes)
  if (judged.kind === 'unreadable') throw refused('body-unreadable', { message: judged.why })
  if (judged.kind === 'invalid') throw refused('body-invalid', { details: { fields: judged.fields } })
  return { kind: 'form', value: judged.value }
}

/** The paths that the rule judges in bodies and parts: no other spelling of them passes. */
function judgedNames(rule: Rule): readonly string[] {
  const names: string[] = []
  for (const demand of rule.lists) {
    if (demand.in === 'body' || demand.in === 'part') names.push(demand.name)
    else if (demand.in === 'stored' && demand.id.in === 'body') names.push(demand.id.name)
  }
  for (const when of rule.when) if (when.in !== 'query') names.push(when.name)
  return names
}
