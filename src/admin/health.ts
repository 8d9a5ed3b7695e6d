/** The admin listener's answers to an orchestrator. The status code is the contract; the body is for people. */
import type { FastifyInstance } from 'fastify'
import { successEnvelope } from '../model/envelope.ts'

export interface Health {
  /** `undefined` when ready, else why not. */
  notReady(): string | undefined
}

/** `/healthz`: the process answers (it never asks the backend). `/readyz`: configured, and not draining. */
export function registerHealth(app: FastifyInstance, health: Health): void {
  app.get('/healthz', (_request, reply) =>
    reply.header('cache-control', 'no-store').send(successEnvelope({ alive: true })),
  )
  app.get('/readyz', (_request, reply) => {
    const why = health.notReady()
    reply.header('cache-control', 'no-store')
    return why === undefined ? reply.send(successEnvelope({ ready: true })) : reply.code(503).send({ message: why })
  })
}
