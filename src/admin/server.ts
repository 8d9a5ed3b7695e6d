/** The admin listener's server: its limits, its headers, how it reads and how it fails. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import { fastify, type FastifyInstance } from 'fastify'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Logger } from 'pino'
import type { AdminConfig } from '../config/config.ts'
import { refused } from '../model/failure.ts'
import { clientAddress, type TrustedPeers } from '../observe/client-address.ts'
import { oneLine } from '../observe/one-line.ts'
import type { Clock } from '../model/time.ts'
import { clientErrorHandler } from '../respond/client-error.ts'
import { maxBodyBytes, readBody } from './bodies.ts'
import './caller.ts'
import { answerError } from './errors.ts'
import { expectNothing, readHead } from './wire.ts'

export interface AdminServerParts {
  readonly config: AdminConfig
  readonly logger: Logger
  readonly clock: Clock
  readonly peers: TrustedPeers
}

/** Nothing may be loaded from elsewhere, and no script or style may stand in a page. */
export const contentPolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'manifest-src': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
}

export async function adminServer({ config, logger, clock, peers }: AdminServerParts): Promise<FastifyInstance> {
  const limits = {
    maxHeaderSize: 16_384,
    headersTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    requireHostHeader: false, // refused below, in the envelope
  }
  const { tls } = config
  const app = fastify({
    logger: false,
    // Streams of events do not end by themselves.
    forceCloseConnections: true,
    bodyLimit: maxBodyBytes,
    requestTimeout: 30_000,
    keepAliveTimeout: 15_000,
    routerOptions: {
      maxParamLength: 256,
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
    },
    ...(tls === undefined
      ? { http: limits }
      : { https: { ...limits, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }),
    frameworkErrors: (error, request, reply) => answerError(error, request, reply, logger),
    clientErrorHandler,
  }) as unknown as FastifyInstance
  app.server.maxConnections = 1_024
  expectNothing(app)

  app.decorateRequest('admin')
  app.addHook('onRequest', (request, reply, done) => {
    const forwarded = request.headers['x-forwarded-for']
    const address = clientAddress(
      request.socket.remoteAddress ?? '',
      typeof forwarded === 'string' ? forwarded : undefined,
      peers,
    )
    const agent = oneLine(request.headers['user-agent'] ?? '').slice(0, 200)
    const requestId = randomUUID()
    const startedAtMs = clock.monotonicMs()
    request.admin = { requestId, address, agent, startedAtMs, headers: undefined, caller: undefined, code: undefined }
    void reply.headers({ 'X-Request-Id': requestId, 'Cache-Control': 'no-store' })
    const problem = readHead(request)
    return problem === undefined ? done() : done(problem)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { requestId, address, startedAtMs, caller, code } = request.admin
    const route = request.routeOptions.url
    // Pages, documents and probes are nobody's acts.
    if (route?.startsWith('/api/') !== true) return done()
    logger.info(
      {
        request_id: requestId,
        client_ip: address,
        method: request.method,
        route,
        status: reply.statusCode,
        code,
        duration_ms: Math.round(clock.monotonicMs() - startedAtMs),
        user:
          caller === undefined ? undefined : `${caller.authority.identity.tenant}/${caller.authority.identity.name}`,
      },
      'admin request',
    )
    done()
  })
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentPolicy },
    // Only where everybody comes in by TLS: it would lock a first run on plain HTTP out.
    strictTransportSecurity: tls === undefined ? false : { maxAge: 31_536_000 },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginEmbedderPolicy: true,
  })
  await app.register(cookie)
  readStrictly(app)
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, logger))
  return app
}

function readStrictly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, readBody(body as Buffer, request.headers['content-type']))
    } catch (error) {
      done(error as Error)
    }
  })
  // Nothing is made of what was sent: no defaults, no conversions, nothing removed. Of several mistakes all are told.
  const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true, coerceTypes: false, unicodeRegExp: true })
  // Compiled when first asked: two hundred schemas at the start would keep the data path waiting.
  app.setValidatorCompiler(({ schema }) => {
    let validate: ValidateFunction | undefined
    return (data: unknown) => {
      validate ??= ajv.compile(schema as object)
      return validate(data) ? true : { error: validate.errors as unknown as Error }
    }
  })
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
}

/** What no route takes: 405 where another method would do. */
export function answerUnknown(app: FastifyInstance, methodsOf: (path: string) => readonly string[]): void {
  app.setNotFoundHandler(async (request) => {
    const allowed = methodsOf(request.url.split('?')[0] ?? '')
    throw allowed.length === 0
      ? refused('route-unknown')
      : refused('method-not-allowed', { headers: ['Allow', allowed.join(', ')] })
  })
}
