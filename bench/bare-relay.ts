/** What relaying alone costs in Node: `node:http` in front, undici behind, headers flat both ways, nothing decided. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { measured } from './child.ts'

const backend = process.argv[2]
if (backend === undefined) throw new Error('usage: bare-relay.ts http://127.0.0.1:PORT')

const agent = new Agent({ connections: 32, pipelining: 1, allowH2: false, keepAliveTimeout: 60_000 })

// The headers that belong to one connection, RFC 9110 §7.6.1: even a relay that decides nothing must not pass them.
const ofTheConnection: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host'])

function passedOn(flat: readonly (string | Buffer)[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const name = String(flat[i])
    if (!ofTheConnection.has(name.toLowerCase())) kept.push(name, String(flat[i + 1]))
  }
  return kept
}

const server = createServer({ optimizeEmptyRequests: true }, (request, response) => {
  let relayed: Dispatcher.DispatchController | undefined
  response.on('close', () => {
    if (!response.writableFinished) relayed?.abort(new Error('the client has gone'))
  })
  response.on('drain', () => relayed?.resume())

  const empty = request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined
  agent.dispatch(
    {
      origin: backend,
      method: request.method as Dispatcher.HttpMethod,
      path: request.url ?? '/',
      headers: passedOn(request.rawHeaders),
      body: empty ? null : request,
    },
    {
      onRequestStart(controller) {
        relayed = controller
      },
      onResponseStart(controller, status) {
        response.writeHead(status, passedOn((controller.rawHeaders ?? []) as (string | Buffer)[]))
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk) && !response.destroyed) controller.pause()
      },
      onResponseEnd() {
        response.end()
      },
      onResponseError() {
        if (response.headersSent) response.destroy()
        else response.writeHead(502).end()
      },
    },
  )
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => measured((server.address() as AddressInfo).port))
