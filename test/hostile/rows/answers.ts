/** Rows X: what the backend says, on its way to the caller. */
import { expect } from 'vitest'
import { type Bytes, type Case, custom, get, row, type Row } from '../case.ts'
import { wire } from '../witness.ts'
import { type Answer, portOf, send, valueOf, type World } from '../world.ts'

/** The answer to `asked` when the backend says `said`. */
async function told(world: World, said: string, asked: Bytes = get('/api/settings')): Promise<Answer> {
  world.witness.forget()
  world.witness.say((socket) => void socket.write(said, 'latin1'))
  try {
    const { answers } = await send(portOf(world), asked(world))
    expect(answers).toHaveLength(1)
    const [answer] = answers
    if (answer === undefined) throw new Error('unreachable')
    return answer
  } finally {
    world.witness.say(undefined)
  }
}

const dropped = (...lines: readonly string[]): Case[] =>
  lines.map((line) =>
    custom(`${line} stays here`, async (world) => {
      const { status, headers } = await told(world, wire(200, '{}', [line]))
      expect([status, headers.join('\n')]).toEqual([
        200,
        expect.not.stringContaining(line.slice(line.indexOf(':') + 2)),
      ])
      expect(valueOf(headers, line.slice(0, line.indexOf(':')).toLowerCase())).not.toBe(
        line.slice(line.indexOf(':') + 2),
      )
    }),
  )

const codeOf = ({ body }: Answer): string => (JSON.parse(body) as { data: { code: string } }).data.code

/** Refused as an answer that is none. */
const broken = (name: string, said: string): Case =>
  custom(name, async (world) => {
    const answer = await told(world, said)
    expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream-protocol'])
    expect(answer.headers.join('\n')).not.toMatch(/evil|set-cookie/i)
  })

export const answerRows: readonly Row[] = [
  row(
    'X01',
    ...['max-age=3600', 'private', 'no-cache'].map((value) =>
      custom(`Cache-Control: ${value} becomes no-store`, async (world) => {
        const { headers } = await told(world, wire(200, '{}', [`Cache-Control: ${value}`, 'Vary: Authorization']))
        expect([valueOf(headers, 'cache-control'), valueOf(headers, 'vary')]).toEqual(['no-store', 'Authorization'])
      }),
    ),
    custom('what the backend shares on purpose stays shared', async (world) => {
      const { headers } = await told(world, wire(200, '{}', ['Cache-Control: public, max-age=60']))
      expect(valueOf(headers, 'cache-control')).toBe('public, max-age=60')
    }),
    custom('a refusal is kept by nobody', async (world) => {
      const { answers } = await send(portOf(world), get('/api/none')(world))
      expect(valueOf(answers[0]?.headers ?? [], 'cache-control')).toBe('no-store')
    }),
  ),
  row(
    'X04',
    broken('a folded header', wire(200, '{}', ['X-A: b\r\n evil'])),
    broken('NUL in a header', wire(200, '{}', ['X-A: evil\0'])),
    broken('a bare CR in a header', wire(200, '{}', ['X-A: a\revil'])),
    broken('a blank in a name', wire(200, '{}', ['X A: evil'])),
    broken('a control character in a header', wire(200, '{}', ['X-A: a\x01evil'])),
  ),
  row(
    'X05',
    custom("the backend's own origin", async (world) => {
      const { headers } = await told(world, wire(302, '{}', [`Location: ${world.witness.url}/api/lists/1`]))
      expect(valueOf(headers, 'location')).toBe('/api/lists/1')
    }),
    custom('also without a scheme', async (world) => {
      const { headers } = await told(world, wire(302, '{}', [`Location: //127.0.0.1:${world.witness.port}/x`]))
      expect(valueOf(headers, 'location')).toBe('/x')
    }),
    custom('another origin is not ours to change', async (world) => {
      const { headers } = await told(world, wire(302, '{}', ['Location: https://listmonk.app/x']))
      expect(valueOf(headers, 'location')).toBe('https://listmonk.app/x')
    }),
  ),
  row(
    'X06',
    dropped('Server: listmonk/6', 'X-Powered-By: Go', 'X-AspNet-Version: 4.0.30319'),
    ...[500, 501, 502, 503, 504, 599].map((status) =>
      custom(`the text of a ${status} is told to nobody`, async (world) => {
        const answer = await told(
          world,
          wire(status, '{"message":"pq: row (a@b.test, hush) at 10.0.0.5"}', ['X-Debug: hush']),
        )
        expect([answer.status, codeOf(answer)]).toEqual([
          status,
          [502, 503, 504].includes(status) ? 'upstream-unavailable' : 'backend-error',
        ])
        expect(JSON.stringify(answer)).not.toMatch(/hush|pq:|10\.0\.0/)
      }),
    ),
  ),
  row(
    'X07',
    ...['invalid session', 'invalid API credentials'].map((message) =>
      custom(`403 \`${message}\` is about our credential`, async (world) => {
        const answer = await told(world, wire(403, JSON.stringify({ message }), ['WWW-Authenticate: Basic realm="x"']))
        expect([answer.status, codeOf(answer), valueOf(answer.headers, 'www-authenticate')]).toEqual([
          502,
          'upstream-credential',
          undefined,
        ])
      }),
    ),
    custom('a challenge is never passed on', async (world) => {
      const { headers } = await told(world, wire(401, '{}', ['WWW-Authenticate: Basic realm="x"']))
      expect(valueOf(headers, 'www-authenticate')).toBeUndefined()
    }),
    custom('a permission that the backend refuses is its own word', async (world) => {
      const said = JSON.stringify({ message: 'permission denied: lists:get_all' })
      const answer = await told(world, wire(403, said))
      expect([answer.status, answer.body]).toEqual([403, said])
    }),
  ),
  row(
    'X08',
    dropped(
      ...['Set-Cookie: session=x', 'Access-Control-Allow-Origin: *', 'Access-Control-Allow-Credentials: true'],
      ...[
        'Strict-Transport-Security: max-age=1',
        'Alt-Svc: h3=":443"',
        'Clear-Site-Data: "*"',
        'Refresh: 0;url=//evil.test',
      ],
      ...[
        'X-Accel-Redirect: /etc/passwd',
        'X-Sendfile: /etc/passwd',
        'X-Accel-Charset: koi8-r',
        'Proxy-Authenticate: Basic',
      ],
    ),
  ),
  row(
    'R6',
    dropped(...['Keep-Alive: timeout=77', 'Proxy-Authenticate: Basic realm=y', 'Trailer: X-Late', 'Upgrade: h2c']),
    custom("the backend's Connection: close is not ours, and what it names goes", async (world) => {
      world.witness.say(
        (socket) => void socket.end(wire(200, '{}', ['Connection: close, X-Inner', 'X-Inner: 1', 'X-Outer: 2'])),
      )
      const first = get('/api/settings')(world).toString().replace('Connection: close\r\n', '')
      const { answers } = await send(portOf(world), first + get('/api/settings')(world).toString())
      world.witness.say(undefined)
      expect(
        answers.map(({ status, headers }) => [status, valueOf(headers, 'x-inner'), valueOf(headers, 'x-outer')]),
      ).toEqual([
        [200, undefined, '2'],
        [200, undefined, '2'],
      ])
    }),
  ),
]
