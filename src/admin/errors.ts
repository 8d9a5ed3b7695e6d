/** Whatever was thrown, as the envelope. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { failureEnvelope } from '../model/envelope.ts'
import { Failure, refused } from '../model/failure.ts'
import { failureFrom } from '../model/framework-errors.ts'
import { fieldProblems, type SchemaError } from './fields.ts'
import { failureOf } from './store-failures.ts'

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const failure = toFailure(error)
  const { requestId } = request.admin
  if (failure.status >= 500) {
    const cause = failure.options.cause
    const shown = cause instanceof Error ? { name: cause.name, message: cause.message, stack: cause.stack } : cause
    logger.error({ request_id: requestId, code: failure.code, cause: shown }, 'admin request failed')
  }
  const { headers = [], retryAfterSeconds, close } = failure.options
  for (let at = 0; at + 1 < headers.length; at += 2) void reply.header(headers[at] ?? '', headers[at + 1] ?? '')
  if (retryAfterSeconds !== undefined)
    void reply.header('Retry-After', String(Math.max(1, Math.ceil(retryAfterSeconds))))
  if (close === true) void reply.header('Connection', 'close')
  void reply.code(failure.status).type('application/json').send(failureEnvelope(failure, requestId))
}

function toFailure(error: unknown): Failure {
  const known = failureOf(error)
  if (known instanceof Failure) return known
  const { validation, validationContext } = known as Partial<FastifyError>
  if (validation === undefined) return failureFrom(known)
  const fields = fieldProblems(validation as unknown as readonly SchemaError[])
  if (validationContext === 'body') return refused('body-invalid', { details: { fields } })
  // Of a path: no such thing can have such a name.
  return validationContext === 'params' ? refused('not-found') : refused('query-invalid', { details: { fields } })
}
