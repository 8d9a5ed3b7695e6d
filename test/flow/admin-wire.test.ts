/** The admin listener reads requests as strictly as the data path, answers in the envelope whatever is sent, and lives on. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openAdmin, type AdminWorld } from '../helpers/admin.ts'
import { send } from '../helpers/send.ts'

let world: AdminWorld
let close: () => Promise<void>
beforeAll(async () => ({ world, close } = await openAdmin()))
afterAll(() => close())

interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Everything that comes until the server closes. */
function exchange(...pieces: readonly (string | Buffer)[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(Number(new URL(world.origin).port), '127.0.0.1')
  let got = ''
  socket.on('data', (piece) => (got += piece.toString('latin1')))
  socket.on('close', () => resolve(got))
  // A reset after the answer: what was still being sent had nobody to read it.
  socket.on('error', (error) => (got === '' ? reject(error) : resolve(got)))
  for (const piece of pieces) socket.write(piece)
  return promise
}

/** Says something, and hears what comes until it ends as it should. */
function converse(first: string) {
  const socket = connect(Number(new URL(world.origin).port), '127.0.0.1')
  let got = ''
  socket.on('data', (piece) => (got += piece.toString('latin1')))
  onTestFinished(() => void socket.destroy())
  socket.write(first)
  return {
    say: (text: string) => socket.write(text),
    until: async (end: string): Promise<string> => {
      await vi.waitFor(() => expect(got).toContain(end))
      return got
    },
  }
}

const question = JSON.stringify({ as: null, method: 'GET', target: '/api/health' })
const announced = ['Content-Type: application/json', `Content-Length: ${question.length}`, 'Expect: 100-continue']

function parse(text: string): RawAnswer {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2)
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => {
    const at = line.indexOf(':')
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const
  })
  return { status: Number(statusLine.split(' ')[1]), headers: new Map(headers), body }
}

const isAlive = async (): Promise<number> => (await send({ method: 'GET', url: `${world.origin}/healthz` })).status

const head = (line: string, ...headers: readonly string[]): string =>
  [line, 'Host: admin.test', 'Connection: close', ...headers, '', ''].join('\r\n')

describe('the admin listener', () => {
  it.each<readonly [what: string, request: string, status: number, code: string]>([
    // Both ended the whole process, for anybody who could reach the listener: the gate was read before it was made.
    ['a target with a broken escape', head('GET /% HTTP/1.1'), 400, 'target-ambiguous'],
    ['a broken escape in a parameter', head('GET /api/tenants/%zz HTTP/1.1'), 400, 'target-ambiguous'],
    ['a parameter that is too long', head(`GET /api/tenants/${'x'.repeat(400)} HTTP/1.1`), 414, 'target-too-long'],
    [
      'a head that is too large',
      head('GET /api/me HTTP/1.1', `X-Much: ${'x'.repeat(20_000)}`),
      431,
      'headers-too-large',
    ],
    [
      'a hundred and one headers',
      head('GET /api/me HTTP/1.1', ...Array.from({ length: 101 }, (_, i) => `X-H${i}: 1`)),
      431,
      'headers-too-large',
    ],
    ['no host', 'GET /api/me HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'header-invalid'],
    ['a space before a colon', 'GET /api/me HTTP/1.1\r\nHost : x\r\n\r\n', 400, 'header-invalid'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', 400, 'header-invalid'],
    [
      'two credentials',
      head('GET /api/me HTTP/1.1', 'Authorization: token a:b', 'Authorization: token c:d'),
      400,
      'header-duplicate',
    ],
    [
      'two lengths',
      head('POST /api/session HTTP/1.1', 'Content-Length: 2', 'Content-Length: 3') + '{}',
      400,
      'header-invalid',
    ],
    [
      'a length and chunks',
      head('POST /api/session HTTP/1.1', 'Content-Length: 2', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
      400,
      'header-invalid',
    ],
    [
      'a coded body',
      head(
        'POST /api/session HTTP/1.1',
        'Content-Type: application/json',
        'Content-Encoding: gzip',
        'Content-Length: 2',
      ) + '{}',
      415,
      'media-type-unsupported',
    ],
    [
      'another expectation',
      head('POST /api/session HTTP/1.1', 'Expect: 200-ok', 'Content-Length: 2') + '{}',
      400,
      'header-invalid',
    ],
    [
      'chunks of no size',
      head('POST /api/session HTTP/1.1', 'Content-Type: application/json', 'Transfer-Encoding: chunked') + 'zz\r\n',
      400,
      'body-unreadable',
    ],
    [
      'a body with GET',
      head('GET /api/sign-in HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 2') + '{}',
      400,
      'body-not-expected',
    ],
    [
      'a chunked body with GET',
      head('GET /api/sign-in HTTP/1.1', 'Transfer-Encoding: chunked') + '2\r\n{}\r\n0\r\n\r\n',
      400,
      'body-not-expected',
    ],
    ['an unknown path', head('GET /api/nothing HTTP/1.1'), 404, 'route-unknown'],
    ['a path with a slash more', head('GET /api/sign-in/ HTTP/1.1'), 404, 'route-unknown'],
    ['a path with two slashes', head('GET //api/sign-in HTTP/1.1'), 404, 'route-unknown'],
    ['a path in capitals', head('GET /API/sign-in HTTP/1.1'), 404, 'route-unknown'],
    ['a method that nobody knows there', head('PATCH /api/session HTTP/1.1'), 405, 'method-not-allowed'],
    ['TRACE', head('TRACE /api/sign-in HTTP/1.1'), 405, 'method-not-allowed'],
    ['OPTIONS', head('OPTIONS /api/sign-in HTTP/1.1'), 405, 'method-not-allowed'],
  ])('answers %s in the envelope, names the request, and lives on', async (_what, request, status, code) => {
    const { status: found, headers, body } = parse(await exchange(request))
    const { message, data } = JSON.parse(body) as { message: string; data: { code: string; request_id: string } }

    expect([found, data.code]).toEqual([status, code])
    expect(message).not.toMatch(/[\r\n]|token a|FST_|HPE_/)
    expect(headers.get('x-request-id')).toBe(data.request_id)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(await isAlive()).toBe(200)
  })

  it.each([
    ['/api/sign-in', 'GET, HEAD'],
    ['/api/session', 'POST, DELETE'],
    ['/api/tenants/default/users/ann', 'GET, HEAD, PATCH, DELETE'],
    ['/healthz', 'GET, HEAD'],
    ['/users/ann', 'GET, HEAD'],
    ['/openapi.json', 'GET, HEAD'],
  ])('says which methods %s takes', async (path, allowed) => {
    const { status, headers } = parse(await exchange(head(`PUT ${path} HTTP/1.1`)))

    expect(status).toBe(405)
    expect(headers.get('allow')?.split(', ').toSorted()).toEqual(allowed.split(', ').toSorted())
  })

  it('answers HEAD like GET, without the body', async () => {
    const asked = await world.owner.ask('HEAD', '/api/tenants/default/users/boss')
    const got = await world.owner.get('/api/tenants/default/users/boss')

    expect([asked.status, asked.text, asked.etag]).toEqual([200, '', got.etag])
    expect(asked.headers['content-length']).toBe(String(Buffer.byteLength(got.text)))
    // An endless answer has no length: its head ends at once.
    expect((await world.owner.ask('HEAD', '/api/tenants/default/overview/events')).status).toBe(200)
    expect((await world.owner.ask('HEAD', '/api/audit/export')).status).toBe(200)
    expect((await world.anonymous.ask('HEAD', '/api/me')).status).toBe(401)
  })

  it('asks nobody for a body who has not shown who they are', async () => {
    const dialogue = converse(head('PUT /api/me/password HTTP/1.1', ...announced))

    expect(await dialogue.until('"}}')).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('asks for the body of who has', async () => {
    const credential = Object.entries(world.owner.credential).map(([name, value]) => `${name}: ${value}`)
    const same = 'Sec-Fetch-Site: same-origin'
    const dialogue = converse(head('POST /api/tenants/default/explain HTTP/1.1', ...credential, same, ...announced))

    expect(await dialogue.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    dialogue.say(question)
    expect(await dialogue.until('"}]}}')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
  })

  it.each([
    ['with a length', (size: number) => `Content-Length: ${size}`],
    ['in chunks', () => 'Transfer-Encoding: chunked'],
  ])('refuses 10 MB %s with 413, and leaves no connection hanging', async (_how, framing) => {
    const size = 10 * 1024 * 1024
    const text = `{"user":"${'x'.repeat(size - 11)}"}`
    const body = framing(size).startsWith('C') ? text : `${size.toString(16)}\r\n${text}\r\n0\r\n\r\n`
    const answer = parse(
      await exchange(head('POST /api/session HTTP/1.1', 'Content-Type: application/json', framing(size)), body),
    )

    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toMatchObject({ data: { code: 'body-too-large' } })
    expect(await isAlive()).toBe(200)
  })

  it('takes no 10 MB from whoever has not shown who they are', async () => {
    const length = 10 * 1024 * 1024
    const answer = await exchange(
      head('PUT /api/me/password HTTP/1.1', 'Content-Type: application/json', `Content-Length: ${length}`),
      Buffer.alloc(length, ' '),
    )

    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('tells a browser to run and frame nothing, on pages and on refusals alike', async () => {
    for (const path of ['/', '/sign-in', '/api/me', '/api/nothing', '/openapi.json']) {
      const { headers } = await send({ method: 'GET', url: `${world.origin}${path}` })
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['referrer-policy']).toBe('no-referrer')
    }
  })
})
