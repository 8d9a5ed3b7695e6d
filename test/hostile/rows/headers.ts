/** Rows H: request headers. */
import { expect } from 'vitest'
import {
  type Case,
  custom,
  expectNothingForwarded,
  get,
  head,
  lineOf,
  passes,
  refuses,
  request,
  row,
  type Row,
  short,
} from '../case.ts'
import { portOf, send, valueOf, type World } from '../world.ts'

/** Not there for the backend. */
const stripped = (...lines: readonly string[]): Case[] =>
  lines.map((line) => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    return passes(short(line), get('/api/settings', [line]), {
      target: '/api/settings',
      headers: { [name]: undefined },
    })
  })

const bare = (lines: readonly string[]) => (): string =>
  ['GET /api/settings HTTP/1.1', ...lines, 'Connection: close', '', ''].join('\r\n')
const host = (line: string, expected: 'taken' | readonly [number, string]): Case => {
  const bytes = (world: World) =>
    `GET /api/settings HTTP/1.1\r\n${line}\r\nAuthorization: ${world.admin.authorization}\r\nConnection: close\r\n\r\n`
  if (expected !== 'taken') return refuses(short(line), bytes, ...expected)
  return custom(`${line} is not what the backend is shown`, async (world) => {
    world.witness.forget()
    const { answers } = await send(portOf(world), bytes(world))
    const [received] = world.witness.seen().requests
    expect([answers.map(({ status }) => status), valueOf(received?.headers ?? [], 'host')]).toEqual([
      [200],
      `127.0.0.1:${world.witness.port}`,
    ])
  })
}

/** What the backend is told of the caller, whatever the caller says of itself. */
const told = (...lines: readonly string[]): Case =>
  custom(short(lines.join(' | ')), async (world) => {
    world.witness.forget()
    const { answers } = await send(portOf(world), get('/api/settings', lines)(world))
    const { requests } = world.witness.seen()
    expect(answers.map(({ status }) => status)).toEqual([200])
    const forwarded = (requests[0]?.headers ?? []).flatMap((name, at, all) =>
      at % 2 === 0 &&
      /^(?:x-forwarded|x-real|forwarded|true-client|cf-|x-url|x-client|client-ip|front-end|x-cluster|fastly)/i.test(
        name,
      )
        ? [`${name}: ${all[at + 1]}`]
        : [],
    )
    expect(forwarded).toEqual([
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: gateway.test',
    ])
  })

const anonymous = (lines: (world: World) => readonly string[], name: string): Case =>
  custom(name, async (world) => {
    world.witness.forget()
    const { answers } = await send(portOf(world), bare(['Host: gateway.test', ...lines(world)])())
    expect(answers.map(({ status }) => status)).toEqual([400])
    await expectNothingForwarded(world)
  })

export const headerRows: readonly Row[] = [
  row(
    'H01',
    anonymous(
      (w) => [`Authorization: ${w.admin.authorization}`, 'Authorization: token x:y'],
      'a good one, then a bad one',
    ),
    anonymous(
      (w) => ['Authorization: token x:y', `Authorization: ${w.admin.authorization}`],
      'a bad one, then a good one',
    ),
    anonymous(
      (w) => [`authorization: ${w.admin.authorization}`, `AUTHORIZATION: ${w.admin.authorization}`],
      'the same twice in other letters',
    ),
    anonymous(() => ['Authorization: Basic eDp5, Basic eDp5'], 'two in one line'),
    anonymous((w) => [`Authorization: ${w.admin.authorization}, token x:y`], 'a good one and another in one line'),
    anonymous((w) => [`Authorization: ${w.admin.authorization}`, 'Authorization:'], 'a good one and an empty one'),
  ),
  row(
    'H02',
    ...[
      'Authorization',
      'X-A, authorization',
      'Content-Length',
      'content-type',
      'Cookie',
      'Host',
      'Transfer-Encoding',
      'close, Content-Type',
      'content-anything',
    ].map((names) =>
      refuses(
        `Connection: ${names}`,
        (world) =>
          `GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${world.admin.authorization}\r\nConnection: ${names}, close\r\n\r\n`,
        400,
        'header-invalid',
      ),
    ),
    ...[
      'X-Tenant',
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'X-Request-Id',
      'Via',
      'traceparent',
      'X-Forwarded-Host',
    ].map((name) =>
      custom(`Connection: ${name}, close takes nothing of ours away`, async (world) => {
        world.witness.forget()
        const bytes = head('GET /api/settings HTTP/1.1', [
          'Host: gateway.test',
          `${name}: theirs`,
          `Connection: ${name}, close`,
        ])
        const { answers } = await send(portOf(world), bytes(world))
        expect(answers.map(({ status }) => status)).toEqual([200])
        const headers = world.witness.seen().requests[0]?.headers ?? []
        const ours = ['authorization', 'x-forwarded-for', 'x-forwarded-proto', 'x-request-id', 'via', 'traceparent']
        expect(ours.filter((each) => valueOf(headers, each) === undefined)).toEqual([])
        expect(headers).not.toContain('theirs')
      }),
    ),
    passes('two of them', get('/api/settings', ['X-B: 1', 'Connection: X-B']), {
      target: '/api/settings',
      headers: { 'x-b': undefined },
    }),
  ),
  row(
    'H03',
    stripped(
      ...[
        'Keep-Alive: timeout=5',
        'Proxy-Connection: keep-alive',
        'Proxy-Authorization: Basic eDp5',
        'TE: trailers',
        'Trailer: X',
      ],
      ...[
        'HTTP2-Settings: AAMAAABkAAQAAP__',
        'Proxy-Foo: bar',
        'Alt-Used: x',
        'Upgrade: foo/2',
        'Proxy: http://evil.test',
      ],
    ),
    custom('Expect: 100-continue', async (world) => {
      world.witness.forget()
      const bytes = request(
        'PUT',
        '/api/settings',
        ['Content-Type: application/json', 'Expect: 100-continue'],
        '{"a":1}',
      )
      const { answers } = await send(portOf(world), bytes(world))
      const { requests } = world.witness.seen()
      expect([answers.map(({ status }) => status), requests.map(lineOf)]).toEqual([[100, 200], ['PUT /api/settings']])
      expect(valueOf(requests[0]?.headers ?? [], 'expect')).toBeUndefined()
    }),
  ),
  row(
    'H04',
    ...[
      'X_Tenant: evil',
      'X-Tenant_: evil',
      'Content_Length: 5',
      'X.Tenant: evil',
      'X~Tenant: evil',
      "X'Tenant: evil",
      '_: 1',
    ].map((line) => refuses(line, get('/api/settings', [line]), 400, 'header-invalid')),
  ),
  row(
    'H05',
    told('X-Forwarded-For: 1.2.3.4'),
    told('X-Forwarded-For: 1.2.3.4', 'X-Forwarded-For: 5.6.7.8', 'x-forwarded-for: 9.9.9.9'),
    told('X-Forwarded-For: 1.2.3.4:80, [::1]:90, unknown, 127.0.0.1'),
    told(`X-Forwarded-For: ${'1.2.3.4, '.repeat(900)}1.2.3.4`),
    told(
      'X-Real-IP: 1.2.3.4',
      'True-Client-IP: 1.2.3.4',
      'CF-Connecting-IP: 1.2.3.4',
      'X-Client-IP: 1.2.3.4',
      'Client-IP: 1.2.3.4',
    ),
    told(
      'Forwarded: for=1.2.3.4;proto=https;host=evil.test',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.test',
    ),
    told(
      'X-Forwarded-Port: 443',
      'X-Forwarded-Ssl: on',
      'X-Url-Scheme: https',
      'Front-End-Https: on',
      'X-Forwarded-Protocol: https',
    ),
    told('X-Forwarded: 1.2.3.4', 'Forwarded-For: 1.2.3.4', 'X-Forwarded-Scheme: https', 'X-Cluster-Client-IP: 1.2.3.4'),
  ),
  row(
    'H06',
    ...['Host: evil.test', 'Host: evil.test:8080', 'Host: EVIL.test', 'Host: [::1]:80', 'Host: 10.0.0.1'].map((line) =>
      host(line, 'taken'),
    ),
    ...[
      'Host:',
      'Host: a, b',
      'Host: u:p@gateway.test',
      'Host: gateway.test.',
      'Host: gateway.test:',
      'Host: gateway.test:99999',
    ].map((line) => host(line, [400, 'header-invalid'])),
    ...[
      'Host: http://gateway.test',
      'Host: gateway.test/x',
      'Host: gateway.test#',
      'Host: gate way',
      'Host: gateway.test\\x',
      'Host: gateway.test?x',
    ].map((line) => host(line, [400, 'header-invalid'])),
    refuses('two of them', get('/api/settings', ['Host: evil.test']), 400, 'header-duplicate'),
    host('X-A: no host at all', [400, 'header-invalid']),
    refuses(
      'none in HTTP/1.0',
      (world) => `GET /api/settings HTTP/1.0\r\nAuthorization: ${world.admin.authorization}\r\n\r\n`,
      400,
      'header-invalid',
    ),
    custom('a host that no tenant has', async (world) => {
      const { running } = world
      const [tenant] = running.config.tenants
      running.gateway.reload({ ...running.config, tenants: [{ ...tenant, hosts: ['gateway.test'] }] }, running.policies)
      try {
        world.witness.forget()
        const statuses = async (name: string) =>
          (
            await send(portOf(world), head('GET /api/settings HTTP/1.1', [`Host: ${name}`, 'Connection: close'])(world))
          ).answers.map(({ status }) => status)
        expect([
          await statuses('evil.test'),
          await statuses('gateway.test:80'),
          await statuses('x.gateway.test'),
        ]).toEqual([[403], [200], [403]])
        expect(world.witness.seen().requests.map(lineOf)).toEqual(['GET /api/settings'])
      } finally {
        running.gateway.reload(running.config, running.policies)
      }
    }),
  ),
  row(
    'H07',
    ...[
      'X-Gateway-User: root',
      'X-Gateway-Tenant: other',
      'X-Tenant-Id: 7',
      'X-User: root',
      'X-Remote-User: root',
      'Remote-User: root',
      'X-Authenticated-User: root',
    ]
      .map((line) => stripped(line))
      .flat(),
    custom('X-Request-Id of a stranger', async (world) => {
      world.witness.forget()
      const { answers } = await send(
        portOf(world),
        get('/api/settings', ['X-Request-Id: theirs', 'traceparent: rubbish', 'tracestate: a=b'])(world),
      )
      const headers = world.witness.seen().requests[0]?.headers ?? []
      const id = valueOf(headers, 'x-request-id')
      expect(id).toMatch(/^[0-9a-f-]{36}$/)
      expect(valueOf(answers[0]?.headers ?? [], 'x-request-id')).toBe(id)
      expect([valueOf(headers, 'traceparent'), valueOf(headers, 'tracestate')]).toEqual([
        expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
        undefined,
      ])
    }),
  ),
  row('H08', stripped('Cookie: session=x', 'Cookie: xsession=x', 'cookie: a=b; session=', 'Cookie2: $Version=1')),
  row(
    'H09',
    custom("the backend sees the gateway's credential and nothing of the caller's", async (world) => {
      world.witness.forget()
      const basic = Buffer.from(`${world.admin.name}:${world.admin.token}`).toString('base64')
      const lines = (value: string) => ['Host: gateway.test', `Authorization: ${value}`, 'Connection: close']
      for (const value of [`Basic ${basic}`, world.admin.authorization]) await send(portOf(world), bare(lines(value))())
      const { requests, bytes } = world.witness.seen()
      expect(requests.map(({ headers }) => valueOf(headers, 'authorization'))).toEqual([
        'token super:demo',
        'token super:demo',
      ])
      expect(bytes).not.toContain(world.admin.token)
      expect(bytes).not.toContain(basic)
    }),
    custom('on public routes neither', async (world) => {
      world.witness.forget()
      await send(portOf(world), get('/uploads/x', ['X-API-Key: root:hush'])(world))
      const [received] = world.witness.seen().requests
      expect(received?.target).toBe('/uploads/x')
      expect(received?.head).not.toMatch(/hush/)
      expect(received?.head).not.toContain(world.admin.token)
    }),
  ),
  row(
    'H10',
    ...['X-A: a\rb', 'X-A: a\nb', 'X-A: a\0b', 'X-A: a\x01b', 'X-A: a\x7fb', 'X-A: a\x1b[31mb'].map((line) =>
      refuses(short(line), get('/api/settings', [line]), 400, 'header-invalid'),
    ),
    passes('blanks around a value', get('/api/settings', ['X-A: \t b \t']), {
      target: '/api/settings',
      headers: { 'x-a': 'b' },
    }),
    passes('8 KiB of a value', get('/api/settings', [`X-A: ${'a'.repeat(8_192)}`]), {
      target: '/api/settings',
      headers: { 'x-a': 'a'.repeat(8_192) },
    }),
    passes('bytes beyond ASCII stay the same bytes', get('/api/settings', ['X-A: caf\xc3\xa9\xff']), {
      target: '/api/settings',
      headers: { 'x-a': 'caf\xc3\xa9\xff' },
    }),
    custom('none of it breaks a line of the log', async (world) => {
      const before = world.running.log().length
      await send(portOf(world), get('/api/settings', ['User-Agent: a\xe2\x80\xa8b"}{"level":60'])(world))
      const lines = world.running.log().slice(before)
      expect(lines.filter((line) => line['msg'] === 'request')).toHaveLength(1)
      expect(JSON.stringify(lines)).not.toMatch(/\u2028/)
    }),
  ),
  row(
    'H11',
    refuses('Via with our own name', get('/api/settings', ['Via: 1.1 other, 1.1 sallyport']), 502, 'upstream-protocol'),
    refuses(
      'in other letters, in a second line',
      get('/api/settings', ['Via: 1.1 other', 'Via: HTTP/1.1 SallyPort (x)']),
      502,
      'upstream-protocol',
    ),
    passes('Via of others', get('/api/settings', ['Via: 1.0 fred']), {
      target: '/api/settings',
      headers: { via: '1.0 fred, 1.1 sallyport' },
    }),
    refuses(
      'Max-Forwards: 0 with TRACE',
      request('TRACE', '/api/settings', ['Max-Forwards: 0']),
      405,
      'method-not-allowed',
    ),
    refuses(
      'Max-Forwards: 0 with OPTIONS',
      request('OPTIONS', '/api/settings', ['Max-Forwards: 0']),
      405,
      'method-not-allowed',
    ),
  ),
  row(
    'H12',
    passes('Accept-Encoding passes', get('/api/settings', ['Accept-Encoding: br;q=1, gzip']), {
      target: '/api/settings',
      headers: { 'accept-encoding': 'br;q=1, gzip' },
    }),
    passes('but not where the answer is read here', get('/api/lists', ['Accept-Encoding: br;q=1, gzip']), {
      target: '/api/lists',
      headers: { 'accept-encoding': 'identity' },
    }),
  ),
]
