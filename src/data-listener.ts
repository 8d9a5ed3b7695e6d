/** The server of the data path. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { fastify, type FastifyInstance } from 'fastify'
import type { Config } from './config/config.ts'
import { clientErrorHandler, refuseTunnel } from './respond/client-error.ts'
import { frameworkErrors } from './respond/plugin.ts'

/** Strict in every switch, and its router never sees what the caller asked for. */
export function dataListener(config: Config): FastifyInstance {
  const { server, tls } = config
  const http = {
    maxHeaderSize: 16_384,
    insecureHTTPParser: false,
    requireHostHeader: false, // screen refuses it, in the envelope
    headersTimeout: server.headersTimeoutMs,
    connectionsCheckingInterval: 1_000,
    optimizeEmptyRequests: true,
    // http-proxy throws, and ends the process, when the answer before an upgrade is still under way (M04).
    shouldUpgradeCallback: ({ socket }: IncomingMessage) => !isAnswering(socket),
  }
  const app = fastify({
    logger: false,
    // One route takes everything: the target is read by `screen` alone, so no router can read it differently.
    rewriteUrl: () => '/',
    // Of the two Fastify reads one alone.
    ...(tls === undefined
      ? { http }
      : { https: { ...http, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }),
    requestTimeout: server.requestTimeoutMs,
    keepAliveTimeout: server.keepAliveTimeoutMs,
    connectionTimeout: server.idleTimeoutMs,
    maxRequestsPerSocket: server.maxRequestsPerSocket,
    // A drain finishes what comes on open connections, each answer closing its own.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors,
    clientErrorHandler,
  })
  app.server.maxConnections = server.maxConnections
  // Node takes its own listener off a connection that asks for an upgrade: a reset of the caller's would end the process (M04).
  app.server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => socket.on('error', () => {}))
  // Without it Node closes the connection without a word (P22).
  app.server.on('connect', (_request, socket) => refuseTunnel(socket as Socket))
  // Without these Node sends `100 Continue` before anybody has looked at the credential, and a bare 417 of its own (M08).
  for (const event of ['checkContinue', 'checkExpectation']) {
    app.server.on(event, (request, response) => app.server.emit('request', request, response))
  }
  return app as unknown as FastifyInstance
}

/** Whether the answer to an earlier request of the connection is under way. Node asks the same way. */
const isAnswering = (socket: Socket & { readonly _httpMessage?: object | null }): boolean =>
  socket._httpMessage !== undefined && socket._httpMessage !== null
