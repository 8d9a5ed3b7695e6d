/** An in-memory backend that answers like a listmonk whose caller is a super admin: for the demo and for tests. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { createContext } from './context.ts'
import type { Routes } from './context.ts'
import type { Credential } from './credential.ts'
import { refusedBecause } from './credential.ts'
import { sitePage } from './pages.ts'
import { message, Refusal, render } from './reply.ts'
import type { Outcome } from './reply.ts'
import { createRoutes, refusal } from './routes.ts'
import { pgTime } from './time.ts'
import type { World } from './world.ts'
import { initialWorld } from './world.ts'

export interface BackendOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** The one API user that is let in; default `super` with the token `demo`. */
  readonly credential?: Credential
  /** Epoch milliseconds of now; default the clock of the machine. */
  readonly now?: () => number
  /** Told of every error that a handler did not mean; the client gets a 500 without a reason. */
  readonly report?: (error: unknown) => void
}

export interface Backend {
  readonly url: string
  readonly port: number
  /** Requests received since the start. */
  requests(): number
  /** The live state. */
  world(): World
  /** Back to the initial state. */
  reset(): void
  close(): Promise<void>
}

interface Answering {
  readonly routes: Routes
  readonly credential: Credential
  readonly epochMs: number
  readonly world: World
  readonly report: (error: unknown) => void
}

/** Starts the backend; rejects where it cannot listen. */
export async function startBackend(options: BackendOptions = {}): Promise<Backend> {
  const { port = 0, host = '127.0.0.1', credential = { user: 'super', secret: 'demo' } } = options
  const { now = Date.now, report = () => {} } = options
  const routes = createRoutes(credential.user)
  let world = initialWorld()
  let requests = 0
  // Go allows 1 MiB of headers; Node's own limit is 16 KiB.
  const server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
    requests++
    receive(request, response, () => ({ routes, credential, epochMs: now(), world, report }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    requests: () => requests,
    world: () => world,
    reset: () => {
      world = initialWorld()
    },
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function receive(request: IncomingMessage, response: ServerResponse, answering: () => Answering): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('error', () => response.destroy())
  request.on('end', () => {
    send(request, response, answer(request, Buffer.concat(chunks), answering()))
  })
}

function answer(request: IncomingMessage, body: Buffer, answering: Answering): Outcome {
  const { routes, credential, epochMs, world, report } = answering
  const method = request.method ?? ''
  const {
    url = '',
    headers: { authorization, cookie },
  } = request
  const [path = '', ...rest] = url.split('?')
  const found = routes.find(method, path)
  if (found === undefined) return notFound(path)
  const reason = refusedBecause({ authorization, cookie }, credential)
  const refused = reason === undefined ? undefined : refusal(url, path, reason)
  if (refused !== undefined) return refused
  const headers = request.headers as Record<string, string | undefined>
  const raw = {
    world,
    method,
    params: found.params,
    search: rest.join('?'),
    headers,
    body,
    now: pgTime(epochMs),
    epochMs,
  }
  try {
    return found.handler(createContext(raw))
  } catch (error) {
    if (error instanceof Refusal) return message(error.status, error.message)
    report(error)
    return message(500, 'Internal Server Error')
  }
}

/** Also where only the method is wrong; never 405. */
function notFound(path: string): Outcome {
  if (path.startsWith('/api/')) return message(404, '404 unknown endpoint')
  if (path.startsWith('/admin/')) return message(404, '404 page not found')
  return sitePage('404 - Not found', 404)
}

function send(request: IncomingMessage, response: ServerResponse, outcome: Outcome): void {
  if (outcome === 'close') {
    response.destroy()
    return
  }
  // The client gives up first; `close` of the server ends what is left.
  if (outcome === 'hang') return
  const isPretty = /[?&]pretty(?:[=&]|$)/.test(request.url ?? '')
  const { status, type, headers, body } = render(outcome, isPretty)
  const isWhole = typeof body === 'string' || Buffer.isBuffer(body)
  const isHead = request.method === 'HEAD'
  response.writeHead(status, {
    ...headers,
    ...(type === undefined || isHead ? {} : { 'Content-Type': type }),
    ...(isWhole && !isHead ? { 'Content-Length': Buffer.byteLength(body) } : {}),
  })
  if (isWhole) {
    response.end(body)
    return
  }
  const pieces = Readable.from(body)
  response.on('close', () => pieces.destroy())
  pieces.pipe(response)
}
