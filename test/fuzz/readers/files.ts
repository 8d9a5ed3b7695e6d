/** What operators hand us: policies, the configuration, logs and imports. Whatever they hold, it is told, not thrown. */
import { checkSections } from '../../../src/config/check.ts'
import { parseYaml } from '../../../src/config/document.ts'
import { configSchema } from '../../../src/config/language.ts'
import { reportOn } from '../../../src/config/report.ts'
import { fillVariables } from '../../../src/config/variables.ts'
import { parseImportLine } from '../../../src/cli/import-line.ts'
import { parseTenantName } from '../../../src/model/ids.ts'
import { type Problem, Problems } from '../../../src/model/problem.ts'
import { readLogLine } from '../../../src/observe/read-log-line.ts'
import { oneLine } from '../../../src/observe/one-line.ts'
import { compilePolicySet } from '../../../src/policy/compile.ts'
import { routeTable } from '../../../src/policy/routes.ts'
import type { Target } from '../fuzzer.ts'
import { must, same } from './assert.ts'

const policy = `policy: p
permissions: [a:get, a:all, m:all]
scope: { kind: list, id: int32, get: { role: 'list:get', all: a:all }, manage: { role: 'list:manage', all: m:all } }
resources:
  thing: { from: 'GET /api/things/{id}', lists: 'data.lists[].id', absent: [404] }
routes:
  GET /api/lists: { allow: authenticated, answer: { keep: 'data.results[]', by: id, need: get, pages: true } }
  GET /api/lists/:id: { allow: authenticated, lists: { path: id, need: get } }
  PUT /api/things/:id:
    allow: [a:get]
    body: { types: [application/json], strip: [id] }
    lists: [{ body: lists, need: manage, absent: refuse }, { stored: thing, id: path.id, need: manage, of: all }]
`
const yamlWords: readonly string[] = [
  ...[
    '\n',
    '\n  ',
    ': ',
    '- ',
    '{ ',
    ' }',
    '[',
    ']',
    ', ',
    '"',
    "'",
    '#',
    '&a',
    '*a',
    '<<: ',
    '!!',
    '|',
    '>',
    '%',
    '---',
    '?',
  ],
  ...[
    '\t',
    '\xef\xbb\xbf',
    '\xff',
    '\0',
    '\x1b',
    '\xe2\x80\xa8',
    '${',
    '${A:-b}',
    'null',
    'true',
    '0x1',
    '1e400',
    '.inf',
    '~',
  ],
]

/** One line, in words, without what would forge another line. */
function judgeProblems(problems: readonly Problem[]): void {
  for (const { message, remedy, line, key } of problems) {
    must(message !== '' && remedy !== '', 'a problem without words')
    must(line >= 0, 'a problem in a line that is none')
    same(oneLine(`${message}${remedy}`), `${message}${remedy}`.slice(0, 1024), 'a message of several lines')
    must(key.length < 10_000, 'a key without end')
  }
}

export const policyReader: Target = {
  name: 'policy',
  maxMs: 400,
  seeds: [policy, 'policy: p\n', '', 'routes: { GET /a: { allow: public } }\n', '- a\n- b\n'],
  words: [
    ...yamlWords,
    ...[
      'allow: ',
      'public',
      'lists: ',
      'query: ',
      'body: ',
      'part: ',
      'stored: ',
      'absent: ',
      'fill',
      'when: ',
      'everywhere: ',
    ],
    ...[
      'GET /x/:id',
      'POST ',
      '/*',
      '/a//b',
      ':id',
      'answer: ',
      'mask: ',
      'data.results[]',
      'need: get',
      'types: ',
      'grant: ',
      'gone: ',
    ],
  ],
  run(input) {
    const compiled = compile(input)
    same(compile(input), compiled, 'compiled twice it is something else')
  },
}

function compile(input: Buffer): unknown {
  const document = parseYaml(input, 'policies/p.yaml')
  judgeProblems(document.problems)
  if (document.tree === undefined) return 'no tree'
  try {
    const set = compilePolicySet({ backends: [document.tree], roles: undefined, limits: undefined }, document.problems)
    for (const { rules } of set.policies.values()) routeTable(rules).match('GET', ['api', 'lists', '5'])
    return set
  } catch (error) {
    if (!(error instanceof Problems)) throw error
    must(error.problems.length > 0, 'refused without a problem')
    judgeProblems(error.problems)
    return error.message
  }
}

export const configReader: Target = {
  name: 'config',
  maxMs: 400,
  seeds: [
    'listen: 127.0.0.1:8080\nupstream: { url: "http://127.0.0.1:9000", credential: { user: a, token: "${T}" } }\n',
    'tenants:\n  - name: a\n    hosts: [a.test]\n    upstream: { url: https://b.test }\nserver: { headers_timeout: 10s, max_connections: 5 }\n',
    'trusted_proxies: [10.0.0.0/8]\nlog: { level: info }\ndrain: { delay: none }\n',
  ],
  words: [
    ...yamlWords,
    'listen: ',
    'upstream: ',
    'url: ',
    'http://',
    'tenants:\n  - ',
    'name: ',
    'hosts: ',
    '10s',
    '0',
    '65536',
    '${T}',
    '$${',
    's3cret',
  ],
  run(input) {
    const document = parseYaml(input, 'sallyport.yaml')
    judgeProblems(document.problems)
    if (document.tree === undefined) return
    const problems: Problem[] = []
    const tree = fillVariables(document.tree, { T: 'canary-value', A: '' }, problems)
    checkSections(tree, configSchema, reportOn(tree, problems))
    judgeProblems(problems)
    must(
      !problems.some(({ message, remedy }) => (message + remedy).includes('canary-value')),
      'a message shows a variable',
    )
  },
}

export const logReader: Target = {
  name: 'log-line',
  seeds: [
    '{"level":"info","time":"2026-01-01T00:00:00.000Z","request_id":"r","method":"GET","path":"/api/lists","status":200,"lists":[3],"parameters":["q"],"bytes_in":0,"msg":"request"}',
    '{"level":"info","time":"x","msg":"listening"}',
    'no json',
  ],
  words: [
    '"method":',
    '"status":',
    '"request_id":',
    '"lists":',
    '"error":{"code":',
    '[]',
    'null',
    '1',
    '"x"',
    '{',
    '}',
  ],
  run(input) {
    const read = readLogLine(input)
    if (read.kind !== 'request') return
    const { request } = read
    must(
      typeof request.method === 'string' && request.lists.every((each) => typeof each === 'number'),
      'fields of other types',
    )
    must(
      [request.path, request.tenant, request.user, request.reason, request.code].every(
        (each) => each === undefined || typeof each === 'string',
      ),
      'a text of another type',
    )
  },
}

export const importReader: Target = {
  name: 'import-line',
  seeds: [
    '{"name":"ann","roles":["reader"],"list_roles":["x"],"new_token":true}',
    `{"name":"ann","tokens":[{"sha256":"${'a'.repeat(64)}","label":"l","expires_at":"2027-01-01"}]}`,
    '{"name":"","tenant":"nope","kind":"person","token_sha256":"x"}',
  ],
  words: [
    '"name":',
    '"kind":',
    '"tokens":',
    '"sha256":',
    '"expires_at":',
    '"not_before":',
    '"roles":',
    '[]',
    '{}',
    'null',
    '"a"',
    '1',
    '"2027-01-01"',
    '"90d"',
  ],
  run(input) {
    const said: string[] = []
    const tenant = parseTenantName('default')
    if (tenant === undefined) throw new Error('unreachable')
    const line = parseImportLine(
      input,
      {
        tenant: (name) => (name === undefined || name === 'default' ? { tenant } : { wrong: 'no such tenant' }),
        unknownRoles: () => [],
      },
      (problem) => void said.push(problem),
    )
    must(line !== undefined || said.length > 0, 'refused without a word')
    must(
      said.every((each) => each !== ''),
      'a problem without words',
    )
    if (line !== undefined && said.length === 0) must(/^[A-Za-z0-9_.@-]{1,200}$/.test(line.name), 'a name that is none')
  },
}
