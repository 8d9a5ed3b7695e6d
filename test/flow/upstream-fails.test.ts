/** Whatever goes wrong behind the gateway is one envelope with the catalogue's status, and is in the log with its cause. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startGateway, type Running } from '../helpers/gateway.ts'

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const backend = (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> =>
  listening(createServer(answer))

/** One request of an administrator to a gateway in front of this backend. */
async function askThrough(upstreamUrl: string, limits: Partial<Running['config']['tenants'][0]['upstream']> = {}) {
  const running = await startGateway({ upstreamUrl })
  const [tenant] = running.config.tenants
  const upstream = { ...tenant.upstream, ...limits }
  running.gateway.reload({ ...running.config, tenants: [{ ...tenant, upstream }] }, running.policies)
  const answer = await running.ask(await running.user('root', ['administrator']), 'GET', '/api/lists/3')
  await expect.poll(() => running.log().some(({ msg }) => msg === 'request')).toBe(true)
  const line = running.log().find(({ msg }) => msg === 'request')
  return { answer, error: line?.['error'] as { code: string; proxy_error: string; cause: string } }
}

const code = (json: unknown): unknown => (json as { data: { code: string } }).data.code

describe('a backend', () => {
  it('that refuses connections is 502', async () => {
    const server = createTcpServer()
    const url = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    const { answer, error } = await askThrough(url)

    expect([answer.status, code(answer.json)]).toEqual([502, 'upstream-refused'])
    expect(error).toMatchObject({ code: 'upstream-refused', proxy_error: 'connection_refused' })
    expect(answer.text).not.toContain('127.0.0.1')
  })

  it('that closes the connection is 502', async () => {
    const { answer, error } = await askThrough(await listening(createTcpServer((socket) => socket.destroy())))

    expect([answer.status, code(answer.json), error.proxy_error]).toEqual([
      502,
      'upstream-reset',
      'connection_terminated',
    ])
  })

  it('that speaks no HTTP is 502', async () => {
    const { answer, error } = await askThrough(
      await listening(createTcpServer((socket) => socket.end('SSH-2.0-x\r\n\r\n'))),
    )

    expect([answer.status, code(answer.json), error.proxy_error]).toEqual([
      502,
      'upstream-protocol',
      'http_protocol_error',
    ])
  })

  it('whose name is unknown is 502', async () => {
    const { answer } = await askThrough('http://nowhere.invalid')

    expect([502, 504]).toContain(answer.status) // 504 where the machine's resolver itself does not answer
    expect(['upstream-dns', 'upstream-connect-timeout']).toContain(code(answer.json))
  })

  it('that never answers is 504', async () => {
    const silent = createTcpServer((socket) => void socket.resume().on('error', () => {}))
    const { answer, error } = await askThrough(await listening(silent), { headersTimeoutMs: 200 })

    expect([answer.status, code(answer.json), error.proxy_error]).toEqual([
      504,
      'upstream-timeout',
      'http_response_timeout',
    ])
  })

  it.each([500, 502, 503, 504])(
    'that answers %i in HTML is the envelope, status kept, its text only in the log',
    async (status) => {
      const url = await backend((_request, response) => {
        response.writeHead(status, { 'content-type': 'text/html', 'retry-after': '7' }).end('<h1>secret row</h1>')
      })
      const { answer, error } = await askThrough(url)

      expect([answer.status, code(answer.json)]).toEqual([
        status,
        status === 500 ? 'backend-error' : 'upstream-unavailable',
      ])
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
      expect(answer.text).not.toContain('secret')
      expect(error.cause).toContain('secret row')
      if (status === 503) expect(answer.headers.get('retry-after')).toBe('7')
    },
  )

  it('that refuses the gateway’s own credential is 502', async () => {
    const url = await backend((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"invalid API credentials"}\n')
    })
    const { answer } = await askThrough(url)

    expect([answer.status, code(answer.json)]).toEqual([502, 'upstream-credential'])
  })

  it('whose 4xx is JSON passes unchanged', async () => {
    const body = '{"message":"List not found"}\n'
    const url = await backend((_request, response) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end(body),
    )
    const { answer } = await askThrough(url)

    expect([answer.status, answer.text]).toEqual([400, body])
  })

  it('that dies in the middle of its answer ends in a broken connection, never in a clean end', async () => {
    const url = await backend((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"data":', () => response.destroy())
    })

    await expect(askThrough(url)).rejects.toThrow()
  })

  it('gets a POST once, whatever becomes of it', async () => {
    let seen = 0
    const url = await backend((request) => {
      seen += 1
      request.socket.destroy()
    })
    const running = await startGateway({ upstreamUrl: url })
    const root = await running.user('root', ['administrator'])
    const answer = await running.ask(root, 'POST', '/api/lists', { name: 'New', type: 'private', optin: 'single' })

    expect([answer.status, code(answer.json), seen]).toEqual([502, 'upstream-reset', 1])
  })
})
