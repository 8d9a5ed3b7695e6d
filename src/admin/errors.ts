/** Whatever was thrown, as the envelope. */
import { randomUUID } from 'node:crypto'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { Failure, refused, type FailureCode } from '../model/failure.ts'
import { failureFrom } from '../model/framework-errors.ts'
import { writeFailure } from '../respond/write-failure.ts'
import type { AdminGate } from './caller.ts'
import { fieldProblems, type SchemaError } from './fields.ts'
import { failureOf } from './store-failures.ts'

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const failure = toFailure(error)
  // Not there when the framework fails before the first hook.
  const gate = request.admin as AdminGate | undefined
  const requestId = gate?.requestId ?? randomUUID()
  if (gate !== undefined) gate.code = failure.code
  if (failure.status >= 500) {
    const cause = failure.options.cause
    const shown = cause instanceof Error ? { name: cause.name, message: cause.message, stack: cause.stack } : cause
    logger.error({ request_id: requestId, code: failure.code, cause: shown }, 'admin request failed')
  }
  reply.hijack()
  // The head is out: what was begun cannot become an envelope, and must not end cleanly.
  if (reply.raw.headersSent) {
    reply.raw.destroy()
    return
  }
  writeFailure(request.raw, reply.raw, failure, { headers: gate?.headers, requestId, quota: undefined, realm: '' })
}

function toFailure(error: unknown): Failure {
  const known = failureOf(error)
  if (known instanceof Failure) return known
  const { validation, validationContext } = known as Partial<FastifyError>
  if (validation === undefined) return failureFrom(known)
  // No such thing can have such a name.
  if (validationContext === 'params') return refused('not-found')
  const fields = fieldProblems(validation as unknown as readonly SchemaError[])
  return refused(invalidIn[validationContext ?? 'querystring'] ?? 'query-invalid', { details: { fields } })
}

const invalidIn: Readonly<Record<string, FailureCode>> = {
  body: 'body-invalid',
  headers: 'header-invalid',
  querystring: 'query-invalid',
}
