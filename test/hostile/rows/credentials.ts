/** Rows B: the credential of a request. */
import { expect } from 'vitest'
import { type Case, custom, expectEnvelope, expectNothingForwarded, row, type Row, short } from '../case.ts'
import { portOf, send, valueOf, type World } from '../world.ts'

const ask = (value: string): string =>
  `GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${value}\r\nConnection: close\r\n\r\n`
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')
const pair = ({ admin }: World): string => `${admin.name}:${admin.token}`

const takes = (name: string, value: (world: World) => string): Case =>
  custom(name, async (world) => {
    const { answers } = await send(portOf(world), ask(value(world)))
    expect(answers.map(({ status }) => status)).toEqual([200])
  })

const refuses = (name: string, value: (world: World) => string, code = 'credentials-invalid', status = 403): Case =>
  custom(name, async (world) => {
    world.witness.forget()
    const sent = await send(portOf(world), ask(value(world)))
    expectEnvelope(world, sent, { status, code })
    await expectNothingForwarded(world)
  })

const malformed = (...values: readonly string[]): Case[] =>
  values.map((value) => refuses(short(value) || 'empty', () => value))

/** With 401 as the answer to whoever is not authenticated. */
async function challenged(world: World, run: () => Promise<void>): Promise<void> {
  const { running } = world
  const [tenant] = running.config.tenants
  const auth = { ...tenant.auth, unauthenticatedStatus: 401, realm: 'the "lists"' } as const
  running.gateway.reload({ ...running.config, tenants: [{ ...tenant, auth }] }, running.policies)
  try {
    await run()
  } finally {
    running.gateway.reload(running.config, running.policies)
  }
}

export const credentialRows: readonly Row[] = [
  row(
    'B01',
    ...['Basic', 'basic', 'BASIC', 'bAsIc'].map((scheme) => takes(scheme, (w) => `${scheme} ${base64(pair(w))}`)),
    takes('three blanks', (w) => `Basic   ${base64(pair(w))}`),
    takes("the backend's own scheme", (w) => `token ${pair(w)}`),
    takes('in other letters', (w) => `TOKEN ${pair(w)}`),
    refuses('a tab', (w) => `Basic\t${base64(pair(w))}`),
    refuses('no blank', (w) => `Basic${base64(pair(w))}`),
  ),
  row('B02', malformed('Basic', 'Basic ', 'Basic =', 'Basic ==', 'token', 'token ', 'token :')),
  row(
    'B03',
    refuses(
      'URL-safe letters',
      () =>
        `Basic ${base64(Buffer.from([0x61, 0x3a, 0xff, 0xfb, 0xef]))
          .replaceAll('/', '_')
          .replaceAll('+', '-')}`,
    ),
    refuses('no padding', (w) =>
      `Basic ${base64(`${pair(w)}`).replaceAll('=', '')}`.replace(/$/, base64(pair(w)).includes('=') ? '' : '='),
    ),
    refuses('more padding', (w) => `Basic ${base64(pair(w))}=`),
    refuses('a blank inside', (w) => `Basic ${base64(pair(w)).replace(/^(.{4})/, '$1 ')}`),
    refuses('`!` inside', (w) => `Basic ${base64(pair(w)).replace(/^(.{4})/, '$1!')}`),
    refuses('something behind it', (w) => `Basic ${base64(pair(w))} x`),
    refuses('a comma behind it', (w) => `Basic ${base64(pair(w))},`),
  ),
  row(
    'B04',
    refuses('a secret with colons is another secret', (w) => `Basic ${base64(`${pair(w)}:word`)}`),
    refuses('and the name ends at the first', (w) => `Basic ${base64(`${w.admin.name}:x:${w.admin.token}`)}`),
  ),
  row(
    'B05',
    ...['nocolon', ':secret', 'user:', ':', ''].map((text) =>
      refuses(JSON.stringify(text), () => `Basic ${base64(text)}`),
    ),
  ),
  row(
    'B06',
    refuses('Latin-1', () => `Basic ${base64(Buffer.from('us\xe9r:p\xe4ss', 'latin1'))}`),
    refuses('overlong', () => `Basic ${base64(Buffer.from('61c1a13a62', 'hex'))}`),
    refuses('a surrogate', () => `Basic ${base64(Buffer.from('61eda0803a62', 'hex'))}`),
    refuses('Latin-1 as it is', () => 'token us\xe9r:x'),
    refuses('well-formed UTF-8 of nobody', () => `Basic ${base64('usér:pässword')}`),
  ),
  row(
    'B07',
    ...['ro\0ot:x', 'root:x\0', 'ro\x1bot:x', 'root:\x7f', 'root\r\nX: y:z', '\troot:x'].map((text) =>
      refuses(JSON.stringify(text), () => `Basic ${base64(text)}`),
    ),
  ),
  row(
    'B08',
    refuses('8 KiB', () => `Basic ${'QUFB'.repeat(2_048)}`),
    refuses('8 KiB of colons', () => `token ${':'.repeat(8_192)}`),
    refuses('17 KiB', () => `Basic ${'QUFB'.repeat(4_352)}`, 'headers-too-large', 431),
  ),
  row(
    'B09',
    ...['Bearer', 'Digest', 'Negotiate', 'tokens', 'ApiKey', 'null'].map((scheme) =>
      refuses(scheme, (w) => `${scheme} ${pair(w)}`),
    ),
    refuses('the bare pair', (w) => pair(w)),
    custom('X-API-Key where it is switched off counts as nothing', async (world) => {
      world.witness.forget()
      const sent = await send(
        portOf(world),
        `GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\nX-API-Key: ${pair(world)}\r\nConnection: close\r\n\r\n`,
      )
      expectEnvelope(world, sent, { status: 403, code: 'credentials-missing' })
      await expectNothingForwarded(world)
    }),
  ),
  row(
    'B10',
    custom('every 401 has the same challenge, and nothing of the request in it', async (world) => {
      await challenged(world, async () => {
        const values = ['token x:y', 'Basic !!', 'Bearer z', `token ${world.admin.name}:wrong`, '']
        for (const value of values) {
          const { answers } = await send(portOf(world), ask(value))
          expect([value, answers[0]?.status, valueOf(answers[0]?.headers ?? [], 'www-authenticate')]).toEqual([
            value,
            401,
            'Basic realm="the \\"lists\\"", charset="UTF-8"',
          ])
        }
      })
    }),
    custom('no 403 has one', async (world) => {
      const { answers } = await send(portOf(world), ask('token x:y'))
      expect([answers[0]?.status, valueOf(answers[0]?.headers ?? [], 'www-authenticate')]).toEqual([403, undefined])
    }),
  ),
  row(
    'B11',
    custom('user information in the target is refused, and not logged', async (world) => {
      world.witness.forget()
      const { answers, text } = await send(
        portOf(world),
        'GET http://root:hush-hush@gateway.test/api/settings HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n',
      )
      expect(answers.map(({ status }) => status)).toEqual([400])
      await expectNothingForwarded(world)
      expect(text + JSON.stringify(world.running.log())).not.toContain('hush-hush')
    }),
  ),
]
