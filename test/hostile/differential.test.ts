/**
 * More than 100,000 made inputs, each read by parsers that know nothing of each other: Go's net/url, net/http and encoding/json,
 * WHATWG's URL, nginx. What the gateway takes means the same to all of them; where two of them differ it refuses.
 */
import { isUtf8 } from 'node:buffer'
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isRawNumber, type Json, parseJson, writeJson } from '../../src/model/json.ts'
import { parsePairs } from '../../src/model/pairs.ts'
import { writeTarget } from '../../src/model/target.ts'
import { parseTarget } from '../../src/screen/target.ts'
import { readInputs } from '../fuzz/corpus.ts'
import { mutate } from '../fuzz/mutate.ts'
import { type Random, randomFrom } from '../fuzz/random.ts'
import { targets as fuzzed } from '../fuzz/targets.ts'
import { buildOracle, type GoAnswer, type GoRequest, hasGo, type Oracle } from './go-oracle.ts'
import { hasNginx, type Nginx, startNginx } from './nginx.ts'
import { openWorld, portOf, valueOf, type World } from './world.ts'

const seed = 20_261_127
const host = 'gateway.test'

const isCi = process.env['CI'] === 'true'
const hasBoth = { go: hasGo(), nginx: hasNginx() }
if (!hasBoth.go) console.log('no Go here: its readings are not compared')
if (!hasBoth.nginx) console.log('no nginx here: its readings are not compared')

let oracle: Oracle | undefined
let nginx: Nginx | undefined

beforeAll(async () => {
  try {
    oracle = hasBoth.go ? await buildOracle() : undefined
  } catch (error) {
    if (isCi) throw error
    console.log(String(error))
  }
  nginx = hasBoth.nginx ? await startNginx() : undefined
}, 180_000)
afterAll(async () => {
  await oracle?.close()
  await nginx?.close()
  console.log(
    `differential: ${counted.made} inputs made, ${counted.taken} taken, ${counted.differ} on which others differ refused`,
  )
})

const counted = { made: 0, taken: 0, differ: 0 }

it('finds Go and nginx where it is the machine that says so', () => {
  expect(isCi ? hasBoth : { go: true, nginx: true }).toEqual({ go: true, nginx: true })
})

/** Inputs made of plain ones, and of what fuzzing has kept, which is odd for the most part. */
function made(name: string, count: number, plainOnes: readonly string[]): readonly Buffer[] {
  const target = fuzzed.find((each) => each.name === name)
  if (target === undefined) throw new Error(name)
  const random = randomFrom(seed)
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
  const usual = plainOnes.map(bytes)
  const inputs = [...usual, ...target.seeds.map(bytes), ...readInputs('corpus', name)]
  const stock = { inputs, words: target.words.map(bytes), maxBytes: 400 }
  const plainStock = { inputs: usual, words: usual, maxBytes: 400 }
  counted.made += count
  return Array.from({ length: count }, () => {
    const isPlain = !random.chance(3)
    const parent = random.of(isPlain ? usual : inputs) ?? Buffer.alloc(0)
    return mutate(parent, random, isPlain && random.chance(2) ? plainStock : stock)
  })
}

/** Of inputs that nobody refuses there have to be many as well. */
const plainTargets: readonly string[] = [
  ...['/a', '/a/b', '/a?b=c', '/api', '/5', '/x-y_z~1', '/a?b', '/a/b/c/d/e/f/g'],
  ...[
    '/api/lists/5',
    '/api/subscribers?list_id=5&page=2',
    '/api/campaigns/7/preview',
    '/a/b/c?x=%20+y',
    '/uploads/a.png',
  ],
  ...[
    '/api/lists?query=a%3Db&order=asc',
    "/a'(b)*!$,:@",
    '/%41pi/%6cists',
    '/caf%C3%A9?caf%C3%A9=%E2%82%AC',
    '/a?b=c=d&e',
  ],
]

interface Reading {
  readonly path: string
  readonly query: readonly (readonly [string, string])[]
}

function whatwg(raw: string): Reading | undefined {
  try {
    const url = new URL(raw.startsWith('/') ? `http://${host}${raw}` : raw)
    if (url.host !== host || url.username !== '' || url.password !== '') return undefined
    return { path: url.pathname.split('/').map(decodeURIComponent).join('/'), query: [...url.searchParams] }
  } catch {
    return undefined
  }
}

/** Go's reading in the form of the others'; the order of names is not told. An empty path of a whole URL is `/` (RFC 9112 §3.2.1). */
const ofGo = ({ error, path = '/', query = {} }: GoAnswer): Reading | undefined =>
  error === undefined
    ? { path, query: Object.entries(query).flatMap(([name, values]) => values.map((value) => [name, value] as const)) }
    : undefined

const sortedPairs = ({ path, query }: Reading): string =>
  JSON.stringify([path, query.toSorted(([one], [other]) => (one < other ? -1 : Number(one > other)))])
const alike = (one: Reading | undefined, other: Reading | undefined): boolean =>
  one !== undefined && other !== undefined && sortedPairs(one) === sortedPairs(other)

/** Only what could stand on a request line at all. */
const isOneWord = (raw: string): boolean => raw !== '' && !/[\s\0]/.test(raw)

describe('what is taken means the same to all', () => {
  it('targets and queries: 60,000', async () => {
    const inputs = made('target', 60_000, plainTargets)
      .map((input) => input.toString('latin1'))
      .filter(isOneWord)
    const ask = async (these: readonly string[]) => ({
      go: await oracle?.ask(these.map((target) => ({ kind: 'target' as const, target }))),
      nginx: await nginx?.read(these),
    })
    const said = await ask(inputs)
    const taken: { readonly sent: string; readonly reading: Reading }[] = []
    const broken: unknown[] = []
    for (const [at, raw] of inputs.entries()) {
      const read = parseTarget(raw, host)
      const readings = { whatwg: whatwg(raw), go: said.go && ofGo(said.go[at] ?? {}), nginx: said.nginx?.[at] }
      if (read.kind === 'refused') {
        const differ = said.go !== undefined && !alike(readings.whatwg, readings.go)
        if (differ) counted.differ++
        continue
      }
      const { segments, query, path } = read.target
      const reading = { path: `/${segments.join('/')}`, query }
      // Of a target that is a whole URL Go's server and nginx keep the path alone, as the gateway does.
      const isSame =
        alike(reading, readings.whatwg) &&
        (said.go === undefined || alike(reading, readings.go)) &&
        (said.nginx === undefined || readings.nginx?.uri === reading.path)
      if (!isSame) broken.push({ raw, reading, readings })
      taken.push({ sent: writeTarget(path, query), reading })
    }
    expect(broken.slice(0, 5)).toEqual([])

    // And what is sent is already in the spelling in which all of them would write it.
    const again = await ask(taken.map(({ sent }) => sent))
    const changed = taken.filter(({ sent, reading }, at) => {
      const go = again.go?.[at]
      const by = again.nginx?.[at]
      return !(
        alike(reading, whatwg(sent)) &&
        (go === undefined || (alike(reading, ofGo(go)) && go.raw_path === undefined)) &&
        (again.nginx === undefined ||
          (by?.uri === reading.path && by.args === sent.slice(sent.indexOf('?') + 1 || sent.length)))
      )
    })
    expect(changed.slice(0, 5)).toEqual([])
    counted.taken += taken.length
    expect(taken.length).toBeGreaterThan(8_000)
    if (oracle !== undefined) expect(counted.differ).toBeGreaterThan(3_000)
  }, 120_000)

  it('form pairs: 12,000', async () => {
    const inputs = made('pairs', 12_000, ['a=b&c=d', 'x=1&y=2&x=3', 'q=a+b', 'a', 'b=2']).filter((input) =>
      isUtf8(input),
    )
    const taken = inputs.flatMap((input) => {
      const raw = input.toString('utf8')
      const read = parsePairs(raw, { lines: true })
      return read.kind === 'refused' || read.pairs.length === 0 ? [] : [{ input, raw, pairs: read.pairs }]
    })
    const contentType = 'application/x-www-form-urlencoded'
    const said = await oracle?.ask(taken.map(({ input }) => ({ kind: 'form' as const, body: input, contentType })))
    const broken = taken.filter(({ raw, pairs }, at) => {
      const first = Object.fromEntries([...pairs].toReversed())
      const isSame = JSON.stringify([...new URLSearchParams(`?${raw}`)]) === JSON.stringify(pairs)
      const form = said?.[at]?.form
      return !isSame || (said !== undefined && JSON.stringify(sorted(form)) !== JSON.stringify(sorted(first)))
    })
    expect(broken.slice(0, 5)).toEqual([])
    counted.taken += taken.length
    expect(taken.length).toBeGreaterThan(1_500)
  }, 60_000)

  it('JSON bodies: 50,000', async () => {
    const plainOnes = [
      ...['1', '"a b"', '{"a":1}', '[1,2]'],
      '{"a":1,"b":[1,2.5,"x"],"c":{"d":null}}',
      '{"lists":[3,4]}',
      '[true,false,null]',
      '"\\u00e9"',
      '1.50',
      '-0.1e-3',
    ]
    const inputs = made('json', 50_000, plainOnes)
    const said = await oracle?.ask(inputs.map((body) => ({ kind: 'json' as const, body })))
    let taken = 0
    const broken: unknown[] = []
    for (const [at, input] of inputs.entries()) {
      const read = parseJson(input)
      const go = said?.[at]
      if (read.kind === 'invalid') {
        if (go !== undefined && (go.error === undefined) !== isReadable(input)) counted.differ++
        continue
      }
      taken++
      const value = plain(read.value)
      const isSame = JSON.stringify(sorted(value)) === JSON.stringify(sorted(JSON.parse(input.toString('utf8'))))
      const isSent =
        JSON.stringify(sorted(value)) === JSON.stringify(sorted(JSON.parse(writeJson(read.value).toString())))
      const isGo = go === undefined || JSON.stringify(sorted(go.value ?? null)) === JSON.stringify(sorted(value))
      if (!isSame || !isSent || !isGo) broken.push({ input: input.toString('latin1'), value, go })
    }
    expect(broken.slice(0, 5)).toEqual([])
    counted.taken += taken
    expect(taken).toBeGreaterThan(3_000)
  }, 60_000)
})

const isReadable = (input: Buffer): boolean => {
  try {
    JSON.parse(input.toString('utf8'))
    return true
  } catch {
    return false
  }
}

function plain(value: Json): unknown {
  if (isRawNumber(value)) return Number(value.rawJSON)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each as Json)]))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, each]) => [key, sorted(each)])
}

/** What stands on a connection, changed at random: heads, lengths, chunks, and requests one behind the other. */
function connections(random: Random, { admin }: World, count: number): readonly Buffer[] {
  const head = `Host: ${host}\r\n`
  const known = `${head}Authorization: ${admin.authorization}\r\n`
  const text = `${head}Content-Type: text/plain\r\n`
  const whole = [
    `GET /uploads/x HTTP/1.1\r\n${head}\r\n`,
    `GET /uploads/a/b?c=d HTTP/1.1\r\n${head}Accept: */*\r\n\r\n`,
    `POST /webhooks/service/ses HTTP/1.1\r\n${text}Content-Length: 44\r\n\r\nGET /uploads/evil HTTP/1.1\r\nHost: evil\r\n\r\n  `,
    `POST /webhooks/service/ses HTTP/1.1\r\n${text}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n`,
    `PUT /api/settings HTTP/1.1\r\n${known}Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}`,
    `PUT /api/settings HTTP/1.1\r\n${known}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n`,
  ].map((text) => Buffer.from(text, 'latin1'))
  const words = [
    ...[
      '\r\n',
      '\n',
      '\r',
      ' ',
      '\t',
      ':',
      '\0',
      '\x0b',
      '\xa0',
      '0\r\n\r\n',
      '5\r\n',
      '\r\n\r\n',
      ' HTTP/1.1',
      ' HTTP/1.0',
      ',',
      ';',
    ],
    ...[
      'Content-Length: 5\r\n',
      'Content-Length: 0\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Transfer-Encoding: identity\r\n',
    ],
    ...[
      'Transfer-Encoding : chunked\r\n',
      'Transfer-Encoding:\x0bchunked\r\n',
      'Connection: close\r\n',
      'Expect: 100-continue\r\n',
    ],
    ...[
      'GET /api/settings HTTP/1.1\r\nHost: gateway.test\r\n\r\n',
      'X: y\r\n z\r\n',
      'Content_Length: 3\r\n',
      '+',
      '0x',
      '%2e%2e/',
      '#',
    ],
  ].map((word) => Buffer.from(word, 'latin1'))
  const stock = { inputs: whole, words, maxBytes: 2_000 }
  const one = (): Buffer => random.of(whole) ?? Buffer.alloc(0)
  const perhaps = (): readonly Buffer[] => (random.chance(2) ? [one()] : [])
  const last = Buffer.from(`GET /uploads/last HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)
  return Array.from({ length: count }, () =>
    Buffer.concat([...perhaps(), mutate(one(), random, stock), ...perhaps(), last]),
  )
}

/** Sends, and ends when nothing more comes: a request that is not whole would be waited for. Resolves when the gateway has closed. */
function strike(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(80, () => (socket.writableEnded ? socket.destroy() : socket.end()))
    socket.on('error', () => {}).on('close', () => resolve())
    socket.resume()
  })
}

describe('where a message ends', () => {
  it('4,000 connections: what is forwarded is what Go finds on the same bytes, in the same order, and nothing else', async ({
    skip,
  }) => {
    if (oracle === undefined) return skip()
    const world = await openWorld()
    try {
      const all = connections(randomFrom(seed), world, 4_000)
      counted.made += all.length
      const forwarded: (readonly Forwarded[])[] = []
      for (const bytes of all) {
        world.witness.forget()
        await strike(portOf(world), bytes)
        // The gateway may close before the backend, in this same process, has read what was sent.
        for (let turns = 0; turns < 16; turns++) await nextTurn()
        // What was cut short on its way is nothing that the backend would act on.
        forwarded.push(
          world.witness
            .seen()
            .requests.filter(({ isComplete }) => isComplete)
            .map(({ method, target, body, headers }) => ({
              ...{ method, target, body: body.toString('latin1'), host: valueOf(headers, 'x-forwarded-host') ?? '' },
            })),
        )
      }
      const said = await oracle.ask(all.map((body) => ({ kind: 'connection' as const, body })))
      const broken = all.flatMap((bytes, at) => {
        const others = said[at]?.requests ?? []
        return isPartOf(forwarded[at] ?? [], others)
          ? []
          : [{ bytes: bytes.toString('latin1').replaceAll(world.admin.token, '…'), forwarded: forwarded[at], others }]
      })
      expect(broken.slice(0, 3)).toEqual([])
      const sum = forwarded.reduce((count, each) => count + each.length, 0)
      counted.taken += sum
      expect(sum).toBeGreaterThan(1_000)
      expect(forwarded.filter((each) => each.length === 0).length).toBeGreaterThan(500)
    } finally {
      await world.close()
    }
  }, 120_000)
})

/** What the backend saw; `host` as the gateway tells it. */
interface Forwarded {
  readonly method: string
  readonly target: string
  readonly body: string
  readonly host: string
}

/** Whether `forwarded` are some of `others`, in their order. */
function isPartOf(forwarded: readonly Forwarded[], others: readonly GoRequest[]): boolean {
  let at = 0
  return forwarded.every((each) => {
    const found = others.findIndex((other, index) => index >= at && isSame(each, other))
    at = found + 1
    return found !== -1
  })
}

function isSame({ method, target, body, host: told }: Forwarded, other: GoRequest): boolean {
  const read = parseTarget(other.target, told)
  if (other.method !== method || other.host !== told || read.kind === 'refused') return false
  const text = Buffer.from(other.body ?? '', 'base64').toString('latin1')
  return writeTarget(read.target.path, read.target.query) === target && (text === body || jsonOf(text) === jsonOf(body))
}

function jsonOf(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}
