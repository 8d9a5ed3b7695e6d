import { describe, expect, it } from 'vitest'
import type { Allowed, Rewrite } from '../../src/model/decision.ts'
import type { JsonObject } from '../../src/model/json.ts'
import type { Target } from '../../src/model/target.ts'
import type { ListDemand, Rule } from '../../src/policy/rule.ts'
import { outgoingOf, type TakenBody } from '../../src/scope/outgoing.ts'

const target: Target = { path: '/api/x', segments: ['api', 'x'], query: [] }

const rule = (...lists: Partial<ListDemand>[]): Rule =>
  ({
    id: 'POST /api/x',
    lists,
    when: [],
    query: { kind: 'declared', parameters: new Map([['list_id', 'ids']]), aliases: new Map() },
  }) as unknown as Rule

const allowed = (...rewrites: Rewrite[]): Allowed => ({
  effect: 'allow',
  reason: 'lists-narrowed',
  rule: 'POST /api/x',
  at: { file: 'x.yaml', line: 1 },
  ground: { permission: undefined, role: undefined },
  lists: [],
  rewrites,
  cuts: [],
})

const json = (value: JsonObject): TakenBody => ({ kind: 'json', value })

const multipart = (params: string): Buffer =>
  Buffer.from(`--B\r\nContent-Disposition: form-data; name="params"\r\n\r\n${params}\r\n--B--\r\n`)

const taken = (value: JsonObject): TakenBody => ({
  kind: 'multipart',
  bytes: multipart(JSON.stringify(value)),
  contentType: 'multipart/form-data; boundary=B',
  parts: new Map([['params', value]]),
})

describe('outgoingOf', () => {
  it('writes a JSON body anew, with the lists that are left', () => {
    const body = json({ email: 'a@b.test', lists: [3, 4] })
    expect(outgoingOf(rule({ in: 'body', name: 'lists' }), allowed({ index: 0, ids: [4] }), target, body)).toEqual({
      target: '/api/x',
      body: Buffer.from('{"email":"a@b.test","lists":[4]}'),
      contentType: 'application/json',
    })
  })

  it('writes the lists that are left into the JSON part of a multipart body', () => {
    const demand = { in: 'part', part: 'params', name: 'lists' } as const
    const body = taken({ mode: 'subscribe', lists: [3, 4] })
    expect(outgoingOf(rule(demand), allowed({ index: 0, ids: [3] }), target, body)).toEqual({
      target: '/api/x',
      body: multipart('{"mode":"subscribe","lists":[3]}'),
      contentType: 'multipart/form-data; boundary=B',
    })
  })

  it('sends a multipart body as it came when nothing is to be written', () => {
    const body = taken({ lists: [3] })
    expect(outgoingOf(rule(), allowed(), target, body)).toEqual({
      target: '/api/x',
      body: multipart('{"lists":[3]}'),
      contentType: 'multipart/form-data; boundary=B',
    })
  })

  it('fills the query, and drops an id parameter that names nothing', () => {
    const asked = { ...target, query: [['list_id', '']] as const }
    expect(
      outgoingOf(rule({ in: 'query', name: 'list_id' }), allowed({ index: 0, ids: [3, 4] }), asked, { kind: 'none' }),
    ).toEqual({ target: '/api/x?list_id=3&list_id=4', body: 'none', contentType: undefined })
  })

  it('never lets a request pass whose lists it cannot write', () => {
    const body: TakenBody = { kind: 'stream', contentType: undefined }
    const demand = { in: 'part', part: 'params', name: 'lists' } as const
    expect(() => outgoingOf(rule(demand), allowed({ index: 0, ids: [3] }), target, body)).toThrow('cannot be written')
    expect(() => outgoingOf(rule({ in: 'path', name: 'id' }), allowed({ index: 0, ids: [3] }), target, body)).toThrow(
      'cannot be written',
    )
  })
})

describe('outgoingOf a form, and of JSON beside files', () => {
  it('writes a form anew, with everything escaped that could be taken for syntax', () => {
    const body: TakenBody = { kind: 'form', value: { template_id: '2', body: 'a b&c=d;\r\n' } }
    expect(outgoingOf(rule(), allowed(), target, body)).toMatchObject({
      body: Buffer.from('template_id=2&body=a%20b%26c%3Dd%3B%0D%0A'),
      contentType: 'application/x-www-form-urlencoded',
    })
  })

  it('sends no body where a form names nothing', () => {
    const body: TakenBody = { kind: 'form', value: {} }
    expect(outgoingOf(rule(), allowed(), target, body)).toMatchObject({ body: 'none', contentType: undefined })
  })

  it('writes JSON beside files anew, with the lists that are left', () => {
    const body: TakenBody = {
      kind: 'parted',
      part: 'params',
      bytes: multipart('{ "id": 1, "lists": [3, 4] }'),
      contentType: 'multipart/form-data; boundary=B',
      value: { lists: [3, 4] },
    }
    const sent = outgoingOf(rule({ in: 'body', name: 'lists' }), allowed({ index: 0, ids: [4] }), target, body)
    expect(sent).toMatchObject({ body: multipart('{"lists":[4]}'), contentType: 'multipart/form-data; boundary=B' })
  })
})
