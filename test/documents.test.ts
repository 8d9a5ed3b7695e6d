/** What is written twice is compared here, in both directions: documents and code, lock and floors. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { buildProgram } from '../src/cli/program.ts'
import { configSchema, tenantSchema } from '../src/config/language.ts'
import { variablesOf } from '../src/config/environment.ts'
import { shapeOf, type Shape } from '../src/config/shape.ts'
import { logLine } from '../src/observe/log-line.ts'
import { parseRequestId } from '../src/model/ids.ts'
import type { Gate } from '../src/context.ts'
import { catalogue } from '../src/model/failure.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The text under a heading, up to the next heading of the same or a higher level. */
function section(document: string, heading: string): string {
  const lines = document.split('\n')
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (from < 0) throw new Error(`no heading \`${heading}\``)
  const level = /^#+/.exec(lines[from] ?? '')?.[0].length ?? 0
  const length = lines.slice(from + 1).findIndex((line) => (/^(#+) /.exec(line)?.[1]?.length ?? Infinity) <= level)
  return lines.slice(from + 1, length < 0 ? undefined : from + 1 + length).join('\n')
}

/** The rows of every table of a text, cells trimmed and without backticks; heads and rules are left out. */
function tableRows(text: string): string[][] {
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
  return rows.filter((_, at) => !isRuler(rows[at]) && !isRuler(rows[at + 1]))
}

const isRuler = (row: readonly string[] | undefined): boolean => row?.every((cell) => /^:?-+:?$/.test(cell)) === true

describe('README.md: failures', () => {
  it('shows the catalogue, row by row', () => {
    const written = tableRows(section(read('README.md'), 'Failures')).map(([status, code, message]) => [
      code,
      status,
      message,
    ])
    const coded = Object.entries(catalogue).map(([code, { status, message }]) => [code, String(status), message])

    expect(Object.fromEntries(written.map((row) => [row[0], row]))).toEqual(
      Object.fromEntries(coded.map((row) => [row[0], row])),
    )
    expect(written).toHaveLength(coded.length)
  })
})

/** Commands that do something, as they are typed: `user add`. */
function leafCommands(command: Command, path: readonly string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(' ')]
  return command.commands.flatMap((inner) => leafCommands(inner, [...path, inner.name()]))
}

function programCommands(): string[] {
  const stream = new PassThrough()
  const clock = { epochMs: () => 0, monotonicMs: () => 0 }
  const isTerminal = { stdin: false, stdout: false, stderr: false }
  const streams = { stdin: stream, stdout: stream, stderr: stream }
  return leafCommands(
    buildProgram({ ...streams, env: {}, cwd: root, isTerminal, clock, random: (n) => Buffer.alloc(n) }),
  )
}

/** `sallyport user add, list` is `user add` and `user list`. */
function commandsOf(cell: string): string[] {
  const [first = '', ...others] = cell.replace(/^sallyport /, '').split(', ')
  const group = first.split(' ').slice(0, -1)
  return [first, ...others.map((verb) => [...group, verb].join(' '))]
}

describe('README.md: commands', () => {
  it('lists every command of the program, and no other', () => {
    const written = tableRows(section(read('README.md'), 'Commands')).flatMap(([cell = '']) => commandsOf(cell))

    expect(written.sort()).toEqual(programCommands().sort())
  })

  it.each([
    'README.md',
    'SECURITY.md',
    'docs/configuration.md',
    'deploy/compose.yaml',
    'deploy/sallyport.service',
    'Dockerfile',
  ])('calls only commands that exist: %s', (path) => {
    const calls = [
      ...read(path).matchAll(/(?:npx sallyport|sallyport\.js|`sallyport) ([a-z][a-z-]*(?: [a-z][a-z-]*)?)/g),
    ]
    const known = new Set(programCommands().flatMap((name) => [name, name.split(' ')[0]]))
    const unknown = calls
      .map((call) => call[1] ?? '')
      .filter((name) => !known.has(name) && !known.has(name.split(' ')[0] ?? ''))

    expect(unknown).toEqual([])
  })
})

/** Every key of sallyport.yaml, dotted, with the default that its schema names. */
function configKeys(): ReadonlyMap<string, string | undefined> {
  const top = [...variablesOf(shapeOf(configSchema)).values()]
  const own = Object.keys(tenantSchema.properties).filter((key) => !Object.hasOwn(configSchema.properties, key))
  const keys = top.map((path) => [path.join('.'), defaultAt(configSchema, path)] as const)
  return new Map([...keys, ...own.map((key) => [`tenants[].${key}`, undefined] as const)])
}

/** What JSON Schema calls `default`, found along `properties`, through unions. */
function defaultAt(schema: object, path: readonly string[]): string | undefined {
  const shape = schema as Shape & { readonly default?: unknown }
  const [key, ...rest] = path
  if (key === undefined)
    return shape.default === undefined ? undefined : `${shape.default as string | number | boolean}`
  const inner = [shape, ...(shape.anyOf ?? [])].flatMap(({ properties }) => properties?.[key] ?? [])[0]
  return inner === undefined ? undefined : defaultAt(inner, rest)
}

describe('docs/configuration.md', () => {
  const written = tableRows(read('docs/configuration.md'))

  it('has every key of sallyport.yaml, and no other', () => {
    expect(written.map(([key = '']) => key).sort()).toEqual([...configKeys().keys()].sort())
  })

  it('shows the defaults that the schema names', () => {
    const shown = new Map(written.map(([key, , otherwise]) => [key, otherwise]))
    const named = [...configKeys()].filter(([, otherwise]) => otherwise !== undefined)

    expect(named.map(([key]) => [key, shown.get(key)])).toEqual(named)
    expect(named.length).toBeGreaterThan(10)
  })
})

describe('SECURITY.md', () => {
  const promises = tableRows(section(read('SECURITY.md'), 'Promises, and what holds them'))

  it('names for each promise a test that is there', () => {
    const named = promises.map(([promise, tests = '']) => [promise, tests.match(/test\/[\w./-]+\w/g) ?? []] as const)

    expect(named.filter(([, tests]) => !tests.some((test) => test.endsWith('.test.ts')))).toEqual([])
    expect(named.flatMap(([, tests]) => tests.filter((test) => !existsSync(join(root, test))))).toEqual([])
    expect(named.length).toBeGreaterThan(10)
  })

  it('tells the same numbers as the tests that count', () => {
    const attacks = read('test/hostile/attacks.yaml').match(/^ {4}- /gm)?.length ?? 0
    const [, inputs = ''] = /\((\d+),000 made inputs/.exec(read('SECURITY.md')) ?? []
    const made = [...read('test/hostile/differential.test.ts').matchAll(/(?:: |^ {2}it\(')(\d+),000/gm)]

    expect(read('SECURITY.md')).toContain(`(${Math.floor(attacks / 10) * 10} requests)`)
    expect(Number(inputs)).toBe(made.reduce((sum, [, thousands]) => sum + Number(thousands), 0))
  })
})

describe('CHANGELOG.md', () => {
  it('has a place for what is not released yet', () => {
    expect(section(read('CHANGELOG.md'), '[Unreleased]').trim()).not.toBe('')
  })
})

/** A gate as observe makes it, before any other stage wrote to it. */
function freshGate(): Gate {
  const requestId = parseRequestId('r-1')
  if (requestId === undefined) throw new Error('no request id')
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
  const known = { requestId, traceparent, startedAtMs: 0, clientAddress: '127.0.0.1', bytesIn: 0, bytesOut: 0 }
  return known as Partial<Gate> as Gate
}

describe('README.md: the log', () => {
  it('names every field of a line, and no other', () => {
    const [, line = ''] = /\*\*Log\.\*\*([^]*?)Never:/.exec(section(read('README.md'), 'Seeing')) ?? []
    const inside = line.replaceAll(/\([^)]*\)/g, '')
    const written = [...inside.matchAll(/`([a-z_]+)`/g)].map(([, field = '']) => field)
    const facts = { method: 'GET', host: 'a.example', userAgent: 'x', status: 200, durationMs: 1 }

    // Written by pino itself (observe/logger.ts).
    const ofEveryLine = ['time', 'level', 'msg']
    expect(written.sort()).toEqual([...ofEveryLine, ...Object.keys(logLine(freshGate(), facts))].sort())
  })
})

/** Files that people read or that travel: all but what is generated, installed or recorded. */
function textFiles(): string[] {
  const skipped = /^(?:node_modules|dist|coverage|\.git|bench\/results|test\/contracts\/listmonk)(?:\/|$)/
  const wanted = /(?:\.(?:md|ts|js|json|ya?ml|service|css|html)|^Dockerfile|^\.ci\/run|^\.npmrc|^\.dockerignore)$/
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (skipped.test(path)) return []
      if (entry.isDirectory()) return walk(path)
      return wanted.test(path) ? [path] : []
    })
  return walk('')
}

// Written in pieces, so that this file does not find itself.
const privatePlaces: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a home folder', new RegExp(['/', '(?:home|Users)', '/[a-z]'].join(''))],
  ['a working folder of one machine', new RegExp(['(?<![\\w.])/', '(?:work|workspace|build|mnt)', '/[a-z]'].join(''))],
  [
    'a registry host',
    new RegExp(['registry', '\\.(?:npmjs|yarnpkg|npmmirror)\\.', '|arti' + 'factory|verda' + 'ccio'].join('')),
  ],
]

describe('every text file', () => {
  it('names no path of one machine and no registry host', () => {
    const found = textFiles().flatMap((path) =>
      privatePlaces.filter(([, pattern]) => pattern.test(read(path))).map(([what]) => `${path}: ${what}`),
    )

    expect(found).toEqual([])
  })

  it('would be found out', () => {
    const home = ['', 'home', 'jo', 'sallyport'].join('/')
    const host = ['https://registry', 'npmjs', 'org/'].join('.')

    expect(privatePlaces.filter(([, pattern]) => pattern.test(home)).map(([what]) => what)).toEqual(['a home folder'])
    expect(privatePlaces.filter(([, pattern]) => pattern.test(host)).map(([what]) => what)).toEqual(['a registry host'])
  })
})

/** The oldest version of a package that may be in the lock, and why. */
const floors: Readonly<Record<string, readonly [least: string, why: string]>> = {
  undici: ['8.10.0', 'nodejs/undici#5360: a slow client ends the process; #5493: reuse waits for an idle loop'],
  fastify: ['5.12.3', 'GHSA-w2qp-rph6-63g4 and the four advisories of 5.12.2'],
  'find-my-way': ['9.9.0', 'an absolute-form target with an empty path was routed by its query'],
  '@fastify/http-proxy': ['11.6.3', 'upgrades outside the prefix, backslash dot segments'],
  '@fastify/reply-from': ['12.6.5', 'CVE-2026-33805, GHSA-v574-6498-x57v'],
  '@fastify/rate-limit': ['11.2.0', 'IPv6 rotation inside a /64 escaped the limit'],
}

interface Locked {
  readonly path: string
  readonly name: string
  readonly version: string
}

/** Every installed copy of a package that the lock names, nested ones too. */
function lockedPackages(lock: string): Locked[] {
  const { packages } = JSON.parse(lock) as { packages: Record<string, { version?: string }> }
  return Object.entries(packages).map(([path, { version = '' }]) => ({
    path,
    name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version,
  }))
}

function isAtLeast(version: string, least: string): boolean {
  const [have, need] = [version, least].map((text) => text.split(/[.+-]/).slice(0, 3).map(Number))
  for (let i = 0; i < 3; i++) {
    if (have?.[i] !== need?.[i]) return (have?.[i] ?? 0) > (need?.[i] ?? 0)
  }
  return !version.includes('-')
}

const tooOld = (lock: string): string[] =>
  lockedPackages(lock).flatMap(({ path, name, version }) => {
    const [least, why] = floors[name] ?? []
    return least === undefined || isAtLeast(version, least)
      ? []
      : [`${path} ${version} is below ${least}: ${String(why)}`]
  })

describe('package-lock.json', () => {
  it('holds no package below its floor', () => {
    expect(tooOld(read('package-lock.json'))).toEqual([])
  })

  it('holds every package that has a floor', () => {
    const names = new Set(lockedPackages(read('package-lock.json')).map(({ name }) => name))

    expect(Object.keys(floors).filter((name) => !names.has(name))).toEqual([])
  })

  it('says which copy is too old, nested ones and prereleases too', () => {
    const packages = {
      'node_modules/undici': { version: '8.10.0' },
      'node_modules/@fastify/reply-from/node_modules/undici': { version: '7.30.2' },
      'node_modules/fastify': { version: '5.12.3-rc.1' },
      'node_modules/find-my-way': { version: '10.0.0' },
    }

    expect(tooOld(JSON.stringify({ packages })).map((line) => line.split(' is below ')[0])).toEqual([
      'node_modules/@fastify/reply-from/node_modules/undici 7.30.2',
      'node_modules/fastify 5.12.3-rc.1',
    ])
  })
})
