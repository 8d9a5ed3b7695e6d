/** Stage respond: whatever was thrown becomes the envelope, and the backend's answer goes out. */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Gate, Tenant } from '../context.ts'
import { refused } from '../model/failure.ts'
import type { StoredThings } from '../model/ports.ts'
import type { LookUp } from './cut/whole-cutter.ts'
import { createDocumentedJson } from './documented/documented-json.ts'
import { createFilteringSink } from './filtering.ts'
import { failureFrom } from '../model/framework-errors.ts'
import { type AnswerSink, createRelay } from './relay.ts'
import { treatmentFor } from './treatment.ts'
import { writeFailure } from './write-failure.ts'
import { writeOwn } from './write-own.ts'

/** A client that takes nothing for this long loses its connection. */
const stallMs = 60_000

export const respond = fp(
  async (app) => {
    app.setErrorHandler((error, request, reply) => answerFailure(error, request, reply))
    app.setNotFoundHandler((request, reply) => answerFailure(refused('route-unknown'), request, reply))
  },
  { name: 'respond' },
)

/** Takes the reply over and says where the backend's answer goes. `things`: what has to be looked up to cut it. */
export function answerWith(things: StoredThings<Tenant>) {
  return (request: FastifyRequest, reply: FastifyReply): AnswerSink => {
    reply.hijack()
    const { gate, raw } = request
    const relay = createRelay({ request: raw, response: reply.raw, gate, stallMs })
    const treat = treatmentFor({ gate, isHead: raw.method === 'HEAD', lookUp: lookUpFor(gate, things) })
    return treat === undefined ? relay : createFilteringSink(relay, treat)
  }
}

function lookUpFor(gate: Gate, things: StoredThings<Tenant>): LookUp {
  const { tenant, match, requestId, traceparent, clientAddress, headers } = gate
  return async (resource, ids) => {
    const kind = tenant?.policy.resources.get(resource)
    if (tenant === undefined || kind === undefined) throw refused('internal', { cause: `no resource \`${resource}\`` })
    const timeoutMs = match?.kind === 'rule' ? match.rule.timeoutMs : undefined
    const asker = { requestId, traceparent, clientAddress, authorization: headers?.authorization, timeoutMs }
    return things.listsOf(tenant, kind, ids, asker)
  }
}

/** Takes the reply over and sends `json` as a success of the gateway's own: `data` in the backend's shape, a `document` as it is. */
export function answerOwn(request: FastifyRequest, reply: FastifyReply, json: object, as: 'data' | 'document'): void {
  const { gate } = request
  reply.hijack()
  gate.bytesOut = writeOwn(request.raw, reply.raw, ownBody(as === 'data' ? gate.tenant : undefined, json), gate)
}

/** Under the contract `documented` the same as what comes from the backend. */
function ownBody(tenant: Tenant | undefined, json: object): Buffer {
  const body = Buffer.from(JSON.stringify(json), 'utf8')
  if (tenant?.config.contract !== 'documented') return body
  const documented = createDocumentedJson(tenant.config.timezoneMinutes)
  return Buffer.concat([documented.write(body), documented.end()])
}

/** For Fastify's constructor: what fails before a route is found. */
export function frameworkErrors(error: unknown, request: unknown, reply: unknown): void {
  answerFailure(error, request as FastifyRequest, reply as FastifyReply)
}

function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  // Not there when the framework fails before the first hook.
  const gate = request.gate as Gate | undefined
  const failure = failureFrom(error)
  if (gate !== undefined) gate.failure = failure
  reply.hijack()
  // The head is out: what was begun cannot become an envelope, and must not end cleanly.
  if (reply.raw.headersSent) {
    reply.raw.destroy()
    return
  }
  const bytes = writeFailure(request.raw, reply.raw, failure, {
    headers: gate?.headers,
    requestId: gate?.requestId ?? randomUUID(),
    quota: gate?.quota,
    realm: gate?.tenant?.config.auth.realm ?? '',
  })
  if (gate !== undefined) gate.bytesOut = bytes
}
