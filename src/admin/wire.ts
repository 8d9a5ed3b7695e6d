/** What the admin listener does before and beneath Fastify's routes, as strictly as the data path. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Failure } from '../model/failure.ts'
import { headerFailure } from '../screen/header-failure.ts'
import { readHeaders } from '../screen/headers.ts'
import './caller.ts'

/** Without these Node sends `100 Continue` before anybody has looked at the credential, and a bare 417 of its own. */
export function expectNothing({ server }: FastifyInstance): void {
  for (const event of ['checkContinue', 'checkExpectation']) {
    server.on(event, (request, response) => server.emit('request', request, response))
  }
}

/** Reads the head as the data path does. Returns why it cannot be taken: what Node would read one of several of, or frame in two ways. */
export function readHead({ raw, admin }: FastifyRequest): Failure | undefined {
  const reading = readHeaders(raw.rawHeaders, raw.httpVersion)
  if (reading.kind === 'refused') return headerFailure(reading)
  admin.headers = reading.headers
  return undefined
}

/** Whether the request brings a body, of any length but none. */
export const hasBody = ({ admin }: FastifyRequest): boolean => admin.headers?.framing.kind !== 'none'

/** Which methods the routes that are made from now on take at a path. */
export function methodBook(app: FastifyInstance): (path: string) => readonly string[] {
  const routes: { readonly shape: RegExp; readonly methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ shape: shapeOf(url), methods: [method].flat() })
  })
  return (path) => [...new Set(routes.filter(({ shape }) => shape.test(path)).flatMap(({ methods }) => methods))]
}

const shapeOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll(/:[a-z]+/g, '[^/]+')
      .replaceAll('*', '.*')}$`,
  )
