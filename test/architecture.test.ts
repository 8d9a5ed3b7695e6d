/** The shape of the source: who may import whom, how long a file may be, what a module may keep. Reads text, not types. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** One file of `src`: `path` from the repository's root, with forward slashes. */
interface Source {
  readonly path: string
  readonly text: string
}

type Rule = (sources: readonly Source[]) => readonly string[]

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
}

const read = (path: string): Source => ({ path, text: readFileSync(join(root, path), 'utf8') })

// Comments first, so that an import that is only talked about is none. Code of this repository is formatted: a comment
// opens a line, and a string never holds a line that looks like an import.
const withoutComments = (text: string): string =>
  text.replaceAll(/^[ \t]*\/\*[^]*?\*\//gm, '').replaceAll(/^[ \t]*\/\/.*$/gm, '')

const staticImport = /^(?:import|export)\s[^'"`;=()]*?\bfrom\s+['"]([^'"]+)['"]/gm
const bareImport = /^import\s+['"]([^'"]+)['"]/gm
const dynamicImport = /\bimport\(\s*(?:['"]([^'"]+)['"])?/g

/** Every module that a source names, as written; `undefined` where a dynamic import computes it. */
function specifiersOf(source: Source): (string | undefined)[] {
  const text = withoutComments(source.text)
  return [staticImport, bareImport, dynamicImport].flatMap((form) => [...text.matchAll(form)].map((match) => match[1]))
}

/** Relative imports as paths from the root. */
const importsOf = (source: Source): string[] =>
  specifiersOf(source)
    .filter((specifier) => specifier?.startsWith('.') === true)
    .map((specifier) => posix.join(posix.dirname(source.path), specifier ?? ''))

const stages = [
  'shed',
  'screen',
  'authenticate',
  'authorize',
  'limit',
  'scope',
  'own',
  'grant',
  'forward',
  'respond',
  'observe',
]

/** What may import what: a lower layer knows nothing of a higher one. */
const layers: readonly (readonly string[])[] = [
  ['model'],
  ['policy', 'config'],
  ['context.ts'],
  [...stages, 'store', 'demo'],
  // What a reload swaps, and a decision without a network (`explain`, `test`): several rooms together, like app.ts below it.
  ['snapshot.ts', 'judge.ts', 'replay-line.ts'],
  ['directory.ts', 'run-cases.ts', 'explain.ts', 'who-can.ts', 'replay-log.ts', 'rejudge.ts'],
  ['data-documents.ts', 'data-listener.ts'],
  // Looks at all of it, and no request of the data path passes it.
  ['admin'],
  ['app.ts'],
  ['cli'],
  ['main.ts'],
]

const ranks: ReadonlyMap<string, number> = new Map(layers.flatMap((rooms, rank) => rooms.map((room) => [room, rank])))

/** `src/limit/window.ts` is of the room `limit`; `src/app.ts` of `app.ts`. */
const roomOf = (path: string): string => path.split('/')[1] ?? ''

/** Imports between rooms of one rank that are meant: how YAML is read and mistakes are told lives in config/. */
const neighbours = /^(?:policy → config\/(?!config\.ts|load|schema)[\w-]+\.ts|config → policy\/rule\.ts)$/

const rules = {
  'imports run one way, and no stage imports another': (sources) =>
    sources.flatMap((source) => {
      const from = roomOf(source.path)
      const rank = ranks.get(from)
      if (rank === undefined) return [`${source.path} is in no layer`]
      return importsOf(source).flatMap((target) => {
        const to = roomOf(target)
        const targetRank = ranks.get(to)
        if (!target.startsWith('src/')) return [`${source.path} → ${target} leaves src`]
        if (from === to || neighbours.test(`${from} → ${target.slice('src/'.length)}`)) return []
        return targetRank !== undefined && targetRank < rank ? [] : [`${source.path} → ${target}`]
      })
    }),

  'there are no import cycles, of types neither': (sources) => {
    const graph = new Map(sources.map((source) => [source.path, importsOf(source)]))
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (path: string, trail: readonly string[]): void => {
      const seenAt = trail.indexOf(path)
      if (seenAt >= 0) cycles.push([...trail.slice(seenAt), path].join(' → '))
      if (seenAt >= 0 || done.has(path)) return
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of graph.keys()) visit(path, [])
    return cycles
  },

  'no file is only a list of re-exports': (sources) =>
    sources
      .filter(({ text }) => {
        const code = withoutComments(text)
        const rest = code
          .replaceAll(/^export\s[^'"`;=()]*?\bfrom\s+['"][^'"]+['"];?/gm, '')
          .replaceAll(/^import\s[^'"`;=()]*?\bfrom\s+['"][^'"]+['"];?/gm, '')
          .replaceAll(/^export (?:type )?\{[^}]*\};?/gm, '')
        return /^export\s/m.test(code) && rest.trim() === ''
      })
      .map(({ path }) => path),

  'no file has more than 250 lines': (sources) =>
    sources.flatMap(({ path, text }) => {
      const lines = text.trimEnd().split('\n').length
      return lines > 250 ? [`${path}: ${lines}`] : []
    }),

  'there are no default exports': (sources) =>
    sources
      .filter(({ text }) => /^export default\b|^export \{[^}]*\bas default\b/m.test(withoutComments(text)))
      .map(({ path }) => path),

  'modules keep no state': (sources) =>
    sources.flatMap(({ path, text }) => {
      // A statement at module level begins in column 0 and goes on through indented and closing lines.
      const statements =
        withoutComments(text).match(/^(?:export )?(?:let|var|const)\b.*(?:\n(?:[ \t]|[\])}]).*)*/gm) ?? []
      const frozen = frozenTypes(text)
      return statements
        .filter((statement) => isState(statement, frozen))
        .map((statement) => `${path}: ${statement.split('\n')[0] ?? ''}`)
    }),

  'only plugin.ts, app.ts, data-listener.ts, context.ts and admin/ know Fastify': (sources) =>
    sources
      .filter((source) => specifiersOf(source).some((name) => name !== undefined && knowsFastify.has(name)))
      .map(({ path }) => path)
      .filter((path) => !/^src\/(?:\w+\/plugin|app|data-listener|context)\.ts$|^src\/admin\//.test(path)),

  'only forward/ knows undici': (sources) =>
    sources
      .filter((source) =>
        specifiersOf(source).some((name) => name === 'undici' || name?.startsWith('undici/') === true),
      )
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('src/forward/')),

  'only store/ knows SQL, and only those who read or print files know YAML': (sources) =>
    sources.flatMap((source) => {
      const room = roomOf(source.path)
      return specifiersOf(source)
        .filter((name) => (name === 'kysely' || name === 'node:sqlite') && room !== 'store')
        .concat(
          specifiersOf(source).filter(
            (name) => name === 'yaml' && !['config', 'policy', 'cli', 'admin'].includes(room),
          ),
        )
        .map((name) => `${source.path}: ${String(name)}`)
    }),

  'only screen/ reads raw targets and headers': (sources) =>
    sources
      .filter(({ path }) => !mayReadRaw.test(path))
      .flatMap(({ path, text }) => {
        const found = withoutComments(text).match(rawReading)
        return found === null ? [] : [`${path}: ${found[0]}`]
      }),

  'every import names its module in plain text': (sources) =>
    sources.filter((source) => specifiersOf(source).includes(undefined)).map(({ path }) => path),
} as const satisfies Record<string, Rule>

/**
 * What of a request nobody has judged. `forward/` reads the headers where `screen` has passed them, for what it sends; `observe/`
 * runs before `screen`, for ids and the log; `judge.ts` has requests on paper. The admin listener and the demo's backend are no data path.
 */
const rawReading =
  /\braw(?:Headers|Trailers)\b|\b(?:originalUrl|headersDistinct|trailers|trailersDistinct)\b|\b(?:raw|message|request|req)\.(?:url|headers|query|params)\b|\{[^{}]*\b(?:url|headers)\b[^{}]*\} = (?:request|message|req)(?:\.raw)?$/m
const mayReadRaw = /^src\/(?:screen\/|observe\/plugin\.ts|forward\/|judge\.ts|admin\/|demo\/)/

const knowsFastify: ReadonlySet<string> = new Set(['fastify', 'fastify-plugin', '@fastify/http-proxy'])

/** Names of the types of a file that are declared readonly. */
const frozenTypes = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^(?:export )?type (\w+)(?:<[^>]*>)? = (?:readonly\b|Readonly\w*<)/gm)].map(
      (match) => match[1] ?? '',
    ),
  )

/** Whether a statement at module level makes something that can change later. */
function isState(statement: string, frozen: ReadonlySet<string>): boolean {
  if (/^(?:export )?(?:let|var)\b/.test(statement)) return true
  const [declared = '', ...rest] = statement.split(/ =(?=\s)/)
  const value = rest.join(' =').trim()
  if (frozen.has(/: (\w+)$/.exec(declared)?.[1] ?? '')) return false
  if (/^new (?:WeakMap|WeakSet|LRUCache)\b/.test(value)) return true
  if (/^new (?:Map|Set)\b/.test(value)) return !/: Readonly(?:Map|Set)</.test(declared)
  if (value.startsWith('[')) return !/: readonly |: ReadonlyArray</.test(declared) && !/\] as const\b/.test(value)
  return /^(?:\{\}|Object\.create\(null\)|new Array\b|Array\()/.test(value)
}

/** For each rule a made-up source that breaks it, and what is to be said of it. */
const offences: Readonly<Record<keyof typeof rules, readonly (readonly [sources: readonly Source[], said: string])[]>> =
  {
    'imports run one way, and no stage imports another': [
      [
        one('src/model/ids.ts', "import type { Config } from '../config/config.ts'"),
        'src/model/ids.ts → src/config/config.ts',
      ],
      [one('src/limit/quota.ts', "import { a } from '../scope/a.ts'"), 'src/limit/quota.ts → src/scope/a.ts'],
      [one('src/limit/quota.ts', "export { a } from '../app.ts'"), 'src/limit/quota.ts → src/app.ts'],
      [
        one('src/policy/load.ts', "const x = await import('../store/open.ts')"),
        'src/policy/load.ts → src/store/open.ts',
      ],
      [
        one('src/policy/load.ts', "import { a } from '../config/config.ts'"),
        'src/policy/load.ts → src/config/config.ts',
      ],
      [one('src/cli/serve.ts', "import '../main.ts'"), 'src/cli/serve.ts → src/main.ts'],
      [
        one('src/app.ts', "import {\n  a,\n  b,\n} from '../test/helpers/clock.ts'"),
        'src/app.ts → test/helpers/clock.ts leaves src',
      ],
      [one('src/utils/strings.ts', ''), 'src/utils/strings.ts is in no layer'],
    ],
    'there are no import cycles, of types neither': [
      [
        [
          ...one('src/policy/a.ts', "import { b } from './b.ts'"),
          ...one('src/policy/b.ts', "import type { C } from './c.ts'"),
          ...one('src/policy/c.ts', "export type { A } from './a.ts'"),
        ],
        'src/policy/a.ts → src/policy/b.ts → src/policy/c.ts → src/policy/a.ts',
      ],
    ],
    'no file is only a list of re-exports': [
      [
        one('src/policy/index.ts', "// all of it\nexport { decide } from './decide.ts'\nexport * from './rule.ts'"),
        'src/policy/index.ts',
      ],
      [one('src/policy/all.ts', "import { a } from './a.ts'\nexport { a }"), 'src/policy/all.ts'],
    ],
    'no file has more than 250 lines': [[one('src/policy/long.ts', 'f()\n'.repeat(251)), 'src/policy/long.ts: 251']],
    'there are no default exports': [
      [one('src/a.ts', 'export default 1'), 'src/a.ts'],
      [one('src/b.ts', 'export { a as default }'), 'src/b.ts'],
    ],
    'modules keep no state': [
      [one('src/a.ts', 'let count = 0'), 'src/a.ts: let count = 0'],
      [one('src/a.ts', 'const seen = new Map<string, number>()'), 'src/a.ts: const seen = new Map<string, number>()'],
      [one('src/a.ts', 'export const seen: Set<string> =\n  new Set()'), 'src/a.ts: export const seen: Set<string> ='],
      [one('src/a.ts', 'const owners = new WeakMap()'), 'src/a.ts: const owners = new WeakMap()'],
      [one('src/a.ts', "const words = [\n  'a',\n]"), 'src/a.ts: const words = ['],
      [one('src/a.ts', 'const cache = {}'), 'src/a.ts: const cache = {}'],
      [one('src/a.ts', "type Pair = [string, number]\nconst a: Pair = ['a', 1]"), "src/a.ts: const a: Pair = ['a', 1]"],
    ],
    'only plugin.ts, app.ts, data-listener.ts, context.ts and admin/ know Fastify': [
      [one('src/limit/quota.ts', "import type { FastifyRequest } from 'fastify'"), 'src/limit/quota.ts'],
      [one('src/limit/quota.ts', "import fp from 'fastify-plugin'"), 'src/limit/quota.ts'],
    ],
    'only forward/ knows undici': [
      [one('src/scope/stored.ts', "import { request } from 'undici'"), 'src/scope/stored.ts'],
    ],
    'only store/ knows SQL, and only those who read or print files know YAML': [
      [one('src/cli/user.ts', "import { DatabaseSync } from 'node:sqlite'"), 'src/cli/user.ts: node:sqlite'],
      [one('src/scope/a.ts', "import { parse } from 'yaml'"), 'src/scope/a.ts: yaml'],
    ],
    'only screen/ reads raw targets and headers': [
      [one('src/limit/a.ts', 'const a = request.raw.headers.host'), 'src/limit/a.ts: raw.headers'],
      [one('src/limit/a.ts', 'const { rawHeaders } = request.raw'), 'src/limit/a.ts: rawHeaders'],
      [one('src/scope/a.ts', "const type = message.headers['x']"), 'src/scope/a.ts: message.headers'],
      [one('src/grant/a.ts', 'log(request.originalUrl)'), 'src/grant/a.ts: originalUrl'],
      [
        one('src/respond/a.ts', 'const { socket, headers } = request.raw'),
        'src/respond/a.ts: { socket, headers } = request.raw',
      ],
    ],
    'every import names its module in plain text': [[one('src/app.ts', 'await import(name)'), 'src/app.ts']],
  }

function one(path: string, text: string): Source[] {
  return [{ path, text }]
}

const src = filesUnder('src', '.ts').map(read)

describe.each(Object.entries<Rule>(rules))('architecture: %s', (name, rule) => {
  it('holds', () => {
    expect(rule(src)).toEqual([])
  })

  it.each(offences[name as keyof typeof rules])('can fail: %j', (sources, said) => {
    expect(rule(sources)).toContain(said)
  })
})

describe('architecture: what the rules leave alone', () => {
  it('accepts constants, imports that only a comment names, and imports downwards', () => {
    const text = [
      "/* import { x } from '../app.ts' */",
      "// import { y } from '../cli/serve.ts'",
      "import { refused } from '../model/failure.ts'",
      "import type { Tenant } from '../context.ts'",
      "const verbs: ReadonlySet<string> = new Set(['GET'])",
      "const words: readonly string[] = ['a']",
      "const pair = ['a', 'b'] as const",
      'type Pair = readonly [string, number]',
      "const one: Pair = ['a', 1]",
      'export const f = (): string => {',
      '  let n = 0',
      '  const seen = new Map<string, number>()',
      '  return words.join()',
      '}',
    ].join('\n')
    const source = one('src/limit/quota.ts', text)

    expect(Object.values<Rule>(rules).flatMap((rule) => rule(source))).toEqual([])
  })
})

/** Tests of a room of `src` without the file that they test. `decide.properties.test.ts` is of `decide.ts`. */
function strayTests(tests: readonly string[], sources: readonly string[]): string[] {
  const rooms = new Set(sources.map(roomOf))
  const known = new Set(sources)
  return tests.filter((path) => {
    const tested = path.replace(/^test\//, 'src/').replace(/(?:\.[\w-]+)?\.test\.ts$/, '.ts')
    return rooms.has(roomOf(path)) && path.split('/').length > 2 && !known.has(tested)
  })
}

describe('architecture: tests mirror src', () => {
  it('has a source for each test of a folder of src', () => {
    expect(
      strayTests(
        filesUnder('test', '.test.ts'),
        src.map(({ path }) => path),
      ),
    ).toEqual([])
  })

  it('can fail', () => {
    const tests = ['test/limit/gone.test.ts', 'test/limit/quota.properties.test.ts', 'test/flow/any.test.ts']

    expect(strayTests(tests, ['src/limit/quota.ts'])).toEqual(['test/limit/gone.test.ts'])
  })
})
