/** What the gateway accepts means the same to Go as what was judged; where the two readings part, it refuses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { shippedPolicies } from '../../src/demo/setting.ts'
import { parseJson, writeJson } from '../../src/model/json.ts'
import { writePairs } from '../../src/model/pairs.ts'
import { type QueryPairs, type Target, writeTarget } from '../../src/model/target.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import type { Rule } from '../../src/policy/rule.ts'
import { judgeForm } from '../../src/scope/judge-form.ts'
import { judgeJson } from '../../src/scope/judge-json.ts'
import { judgeMultipart } from '../../src/scope/judge-multipart.ts'
import { parseMultipart } from '../../src/scope/multipart.ts'
import { queryProblem } from '../../src/scope/query.ts'
import { parseTarget } from '../../src/screen/target.ts'
import { buildOracle, type GoAnswer, hasGo, type Oracle, type Question } from './go-oracle.ts'

const seed = 20_260_401
const isHere = hasGo()
if (!isHere) console.log('no Go here: what it reads is not compared')

/** Something that was accepted: what is asked of Go, and what it has to say. */
interface Accepted {
  readonly input: string
  readonly question: Question
  readonly expected: GoAnswer
}

let oracle: Oracle
let broken: unknown
let rules: ReadonlyMap<string, Rule>

beforeAll(async () => {
  if (!isHere) return
  const [policy] = (await loadPolicies(shippedPolicies)).policies.values()
  rules = new Map(policy?.rules.map((rule) => [rule.id, rule]))
  try {
    oracle = await buildOracle()
  } catch (error) {
    // A Go that is there and cannot build hides what this file is for.
    if (process.env['CI'] === 'true') throw error
    broken = error
    console.log(String(error))
  }
}, 180_000)
afterAll(() => oracle?.close())

const ruleOf = (id: string): Rule => {
  const rule = rules.get(id)
  if (rule === undefined) throw new Error(`the policy has no \`${id}\``)
  return rule
}

/** The differences between what was judged and what Go reads; at least `atLeast` inputs must have been accepted. */
async function compare(all: readonly Accepted[], atLeast: number): Promise<void> {
  expect(all.length).toBeGreaterThanOrEqual(atLeast)
  const answers = await oracle.ask(all.map(({ question }) => question))
  const differences = all.flatMap(({ input, expected }, at) => {
    const said = answers[at]
    return JSON.stringify(sorted(said)) === JSON.stringify(sorted(expected)) ? [] : [{ input, expected, said }]
  })
  expect(differences.slice(0, 5)).toEqual([])
}

/** Keys in order, so that texts can be compared; what is `undefined` goes. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
  if (Array.isArray(value)) return value.map((each) => sorted(each))
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(
    entries.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([k, v]) => [k, sorted(v)]),
  )
}

/** Pieces put together: hostile ones often enough, plain ones often enough to be accepted. */
const soup = (plain: readonly string[], hostile: readonly string[], max: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(...plain) },
        { weight: 1, arbitrary: fc.constantFrom(...hostile) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) },
        {
          weight: 1,
          arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
        },
      ),
      { minLength: 1, maxLength: max },
    )
    .map((pieces) => pieces.join(''))

const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] => fc.sample(arbitrary, { numRuns, seed })

const segment = soup(
  [
    'api',
    'lists',
    'subscribers',
    'a',
    '5',
    '-',
    '_',
    '~',
    '.b',
    '%61',
    '%7E',
    '+',
    '@',
    ':',
    '$',
    ',',
    '=',
    '&',
    '!',
    "'",
    '(',
    ')',
    '*',
    '%20',
    '%C3%A9',
    '%2b',
    '%3D',
  ],
  [
    '..',
    '.',
    '%2e',
    '%2F',
    '\\',
    '%5c',
    ';',
    '%3b',
    '#',
    '%00',
    '%25',
    '%c0%ae',
    '%ed%a0%80',
    '%zz',
    '\xe9',
    ' ',
    '"',
    '^',
    '|',
    '%3f',
  ],
  4,
)
const pathText = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
const value = soup(
  [
    '5',
    '7',
    'a',
    'b',
    '+',
    '%20',
    '%2B',
    '%26',
    '%3D',
    '=',
    '?',
    '/',
    ':',
    '@',
    "'",
    '%27',
    '"',
    '<',
    '%C5%BF',
    '%E2%84%AA',
    '%3B',
    '[',
    ']',
    '',
  ],
  [';', '#', '%', '%zz', '%ff', '%00', '%0a', '\\', '\xff', '%c0%ae', '%u0041', '%ed%a0%80'],
  4,
)
const queryOf = (names: readonly string[]): fc.Arbitrary<string> => {
  const name = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: value })
  const equals = fc.oneof(
    { weight: 12, arbitrary: fc.constant('=') },
    { weight: 1, arbitrary: fc.constantFrom('', '==', '[]=', '[0]=', '%3D=') },
  )
  return fc
    .array(
      fc.tuple(name, equals, value).map((parts) => parts.join('')),
      { maxLength: 4 },
    )
    .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`))
}

/** What Go must read in a target with this path and these pairs. */
function expectedOf({ segments }: Target, query: QueryPairs): GoAnswer {
  const path = `/${segments.join('/')}`
  const grouped: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const [name, text] of query) (grouped[name] ??= []).push(text)
  // A canonical path has no other spelling (`raw_path`), and cleaning it changes nothing but the slash at its end.
  const clean = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  return { path, clean, ...(query.length > 0 && { query: grouped }) }
}

describe.runIf(isHere)('Go reads what the gateway judged', () => {
  it('in paths and queries, as they came and as they are sent', async ({ skip }) => {
    if (broken !== undefined) skip()
    const inputs = sample(fc.tuple(pathText, queryOf(['list_id', 'query', 'a', 'b', 'List_ID', 'page'])), 12_000)
    const accepted = inputs.flatMap(([path, query]): Accepted[] => {
      const raw = path + query
      const read = parseTarget(raw, 'gateway.test')
      if (read.kind === 'refused') return []
      const expected = expectedOf(read.target, read.target.query)
      const sent = writeTarget(read.target.path, read.target.query)
      return [
        { input: sent, question: { kind: 'target', target: sent }, expected },
        // Of what came only the meaning is the same: its spelling is why it is written anew.
        { input: raw, question: { kind: 'target', target: raw }, expected },
      ]
    })
    const answers = await oracle.ask(accepted.map(({ question }) => question))
    const differences = accepted.flatMap(({ input, expected }, at) => {
      const { raw_path: rawPath, ...said } = answers[at] ?? {}
      const isSent = at % 2 === 0
      const isSame = JSON.stringify(sorted(said)) === JSON.stringify(sorted(expected))
      return isSame && (rawPath === undefined || !isSent) ? [] : [{ input, expected, said, rawPath }]
    })
    expect(accepted.length).toBeGreaterThan(4_000)
    expect(differences.slice(0, 5)).toEqual([])
  })

  it('in the parameters of a rule, also by a binder that folds case', async ({ skip }) => {
    if (broken !== undefined) skip()
    const rule = ruleOf('GET /api/subscribers')
    const names = rule.query.kind === 'declared' ? [...rule.query.parameters.keys()] : []
    const hostile = [
      'List_ID',
      'li%C5%BFt_id',
      'list%5fid',
      'PAGE',
      'list_id%00',
      'l%69st_id',
      'order%20',
      'list_id;page',
    ]
    const accepted = sample(queryOf([...names, ...names, ...hostile]), 5_000).flatMap((query): Accepted[] => {
      const read = parseTarget(`/api/subscribers${query}`, 'gateway.test')
      if (read.kind === 'refused' || queryProblem(rule.query, read.target.query) !== undefined) return []
      const target = writeTarget(read.target.path, read.target.query)
      const expected = expectedOf(read.target, read.target.query)
      return [{ input: query, question: { kind: 'target', target, names }, expected }]
    })
    await compare(accepted, 700)
  })

  const scalar = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.constantFrom(
        '1',
        '7',
        '"a"',
        '"\\u0061"',
        'true',
        'null',
        '[]',
        '[1]',
        '[7,5]',
        '{}',
        '"a@b.test"',
        '"\u00e9"',
        '["x"]',
      ),
    },
    { weight: 4, arbitrary: fc.json({ maxDepth: 2 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...[
          '1.0',
          '1e0',
          '-0',
          '01',
          '+1',
          '1e400',
          '9007199254740993',
          'NaN',
          '"\\ud800"',
          '"\\ud83d\\ude00"',
          "'a'",
          '[1,]',
          '[1.5]',
          '[null]',
        ],
        ...[
          '{"a":1,"a":2}',
          '"\t"',
          '0x1',
          '.5',
          '1.',
          '"\\x"',
          '\ufeff1',
          '[[1]]',
          '18446744073709551615',
          '1E2',
          '0.10',
          '-1',
        ],
      ),
    },
  )
  const key = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.constantFrom(
        'email',
        'name',
        'lists',
        'status',
        'attribs',
        'preconfirm_subscriptions',
        'list_uuids',
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...[
          'Lists',
          'LISTS',
          'li\u017fts',
          'li\\u017fts',
          'l\\u0069sts',
          'EMAIL',
          'lists\\u0000',
          ' lists',
          '__proto__',
          'subscriber_mode',
        ],
        ...['Subscriber_Mode', 'attrib\u017f', 'id', 'x', 'preconfirm_sub\u017fcriptions', ''],
      ),
    },
  )
  const object = fc
    .array(
      fc.tuple(key, scalar).map(([name, text]) => `"${name}":${text}`),
      { maxLength: 4 },
    )
    .map((members) => `{${members.join(',')}}`)
  const mutated = fc
    .tuple(
      object,
      fc.option(
        fc.tuple(
          fc.nat(60),
          fc.constantFrom('}', '{', ',', ' ', '\n', '"', '\\', ':', '\0', '//', 'x', '\ufeff', '{"lists":[7]}'),
        ),
        { freq: 4 },
      ),
    )
    .map(([text, at]) => (at === null ? text : text.slice(0, at[0]) + at[1] + text.slice(at[0])))

  it('in JSON, whatever it holds', async ({ skip }) => {
    if (broken !== undefined) skip()
    const accepted = sample(fc.oneof(mutated, scalar, fc.json({ maxDepth: 4 })), 4_000).flatMap((text): Accepted[] => {
      const read = parseJson(Buffer.from(text))
      if (read.kind === 'invalid') return []
      const sent = writeJson(read.value)
      const judged = JSON.parse(sent.toString()) as unknown
      return [
        { input: text, question: { kind: 'json', body: sent }, expected: { value: judged ?? undefined } },
        { input: text, question: { kind: 'json', body: Buffer.from(text) }, expected: { value: judged ?? undefined } },
      ]
    })
    await compare(accepted, 2_000)
  })

  it('in the fields of a closed object, also by a binder that folds case', async ({ skip }) => {
    if (broken !== undefined) skip()
    const shape = ruleOf('POST /api/subscribers').body
    if (shape.kind !== 'json') throw new Error('the rule has changed')
    const accepted = sample(mutated, 6_000).flatMap((text): Accepted[] => {
      const judged = judgeJson(shape, ['lists'], Buffer.from(text))
      if (judged.kind !== 'ok') return []
      const sent = writeJson(judged.value)
      const value = JSON.parse(sent.toString()) as Record<string, unknown>
      const bound = {
        email: value['email'] ?? '',
        name: value['name'] ?? '',
        status: value['status'] ?? '',
        lists: value['lists'] ?? null,
        list_uuids: value['list_uuids'] ?? null,
        attribs: value['attribs'] ?? null,
        preconfirm_subscriptions: value['preconfirm_subscriptions'] ?? false,
        subscriber_mode: '',
      }
      return [{ input: text, question: { kind: 'bind', body: sent }, expected: { value, bound } }]
    })
    await compare(accepted, 300)
  })

  it('in forms', async ({ skip }) => {
    if (broken !== undefined) skip()
    const shape = ruleOf('POST /api/campaigns/:id/preview').body
    if (shape.kind !== 'form') throw new Error('the rule has changed')
    const names = [...shape.fields.keys()]
    const hostile = ['Body', 'BODY', 'template%5fid', 'content_type%00', 'temp%6cate_id']
    const accepted = sample(queryOf([...names, ...names, ...hostile]), 6_000).flatMap((query): Accepted[] => {
      const judged = judgeForm(shape.fields, Buffer.from(query.slice(1), 'latin1'))
      const pairs = judged.kind === 'ok' ? Object.entries(judged.value) : []
      if (judged.kind !== 'ok' || pairs.length === 0) return []
      const contentType = 'application/x-www-form-urlencoded'
      const question = { kind: 'form', body: Buffer.from(writePairs(pairs)), contentType, names } as const
      return [{ input: query, question, expected: { form: judged.value } }]
    })
    await compare(accepted, 250)
  })

  it('in multipart bodies, which are sent as they came', async ({ skip }) => {
    if (broken !== undefined) skip()
    const shape = ruleOf('POST /api/import/subscribers').body
    if (shape.kind !== 'multipart') throw new Error('the rule has changed')
    const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
      fc.oneof(
        { weight: 12, arbitrary: fc.constant(usual) },
        { weight: 1, arbitrary: fc.constantFrom(usual, ...others) },
      )
    const params = fc
      .tuple(
        often(
          'Content-Disposition: form-data; name="params"',
          'content-disposition: form-data; name=params',
          'Content-Disposition: form-data; name="params"; name="x"',
          'Content-Disposition: form-data;name="params"',
          "Content-Disposition: form-data; name*=utf-8''params",
        ),
        often(
          '',
          '\r\nContent-Type: text/plain',
          '\r\nContent-Type: application/json',
          '\r\nContent-Transfer-Encoding: base64',
          '\r\nX-A: b',
          '\r\n folded',
          '\nContent-Type: text/plain',
        ),
        often(
          '{"mode":"subscribe","lists":[3]}',
          '{"lists":[3],"Lists":[7]}',
          '{"lists":[3]}{"lists":[7]}',
          '{}',
          '',
          '{"lists":[3]}\r\n',
          '--b',
        ),
      )
      .map(([head, more, content]) => `--b\r\n${head}${more}\r\n\r\n${content}\r\n`)
    const file = fc
      .tuple(
        often(
          'a.csv',
          '../a.csv',
          'a\\b.csv',
          '',
          '.',
          'C:\\a.csv',
          'a"b',
          'a/b',
          '\u00e9.csv',
          'a%22.csv',
          '..',
          'a.csv/',
        ),
        often('email\r\na@b.test', '--b', '\r\n--b', '', '\r\n', '--b--\r\n', '\r\n--bx'),
      )
      .map(
        ([name, content]) =>
          `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n${content}\r\n`,
      )
    const whole = fc
      .tuple(
        often('', 'preamble\r\n', '\r\n'),
        fc.array(fc.oneof(params, file), { minLength: 1, maxLength: 3 }),
        often('--b--\r\n', '--b--', '--b', '', '--b--\r\nepilogue'),
        often('\r\n', '\n'),
      )
      .map(([before, parts, end, line]) => (before + parts.join('') + end).replaceAll('\r\n', line))
    const accepted = sample(whole, 5_000).flatMap((text): Accepted[] => {
      const body = Buffer.from(text)
      const judged = judgeMultipart(shape, ['lists', 'mode'], body, 'multipart/form-data; boundary=b')
      const read = parseMultipart(body, 'b')
      if (judged.kind !== 'ok' || read.kind === 'unreadable') return []
      const fields = read.parts.filter(({ filename }) => filename === undefined)
      const files = read.parts.flatMap(({ name, filename, bytes }) =>
        filename === undefined ? [] : [{ field: name, name: filename, size: bytes.length }],
      )
      return [
        {
          input: text,
          question: { kind: 'form', body, contentType: judged.contentType },
          expected: {
            ...(fields.length > 0 && {
              form: Object.fromEntries(fields.map(({ name, bytes }) => [name, bytes.toString()])),
            }),
            ...(files.length > 0 && { files }),
          },
        },
      ]
    })
    await compare(accepted, 500)
  })

  // Without these, an oracle that says yes to everything would pass for one that agrees.
  it('and reads otherwise what it refuses', async ({ skip }) => {
    if (broken !== undefined) skip()
    const form = 'application/x-www-form-urlencoded'
    const answers = await oracle.ask([
      { kind: 'target', target: '/api/lists%2F5' },
      { kind: 'target', target: '/api/../settings' },
      { kind: 'target', target: '/x?List_ID=7', names: ['list_id'] },
      { kind: 'target', target: '/x?li%C5%BFt_id=7', names: ['list_id'] },
      { kind: 'target', target: '/x?a=1;list_id=7' },
      { kind: 'bind', body: Buffer.from('{"lists":[1],"Lists":[7]}') },
      { kind: 'bind', body: Buffer.from('{"li\u017fts":[7]}') },
      { kind: 'json', body: Buffer.from('{"a":1}{"a":2}') },
      { kind: 'json', body: Buffer.from('{"a":"\\ud800"}') },
      { kind: 'form', target: '/x?all=true', body: Buffer.from('a=b'), contentType: form },
      {
        kind: 'form',
        body: Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="../a"\r\n\r\n\r\n--b--'),
        contentType: 'multipart/form-data; boundary=b',
      },
    ])
    expect(
      answers.map(({ bound, ...said }) => ({ ...said, ...(bound !== undefined && { lists: bound['lists'] }) })),
    ).toEqual([
      { path: '/api/lists/5', raw_path: '/api/lists%2F5', clean: '/api/lists/5' },
      { path: '/api/../settings', clean: '/settings' },
      { path: '/x', clean: '/x', query: { List_ID: ['7'] }, folded: ['List_ID'] },
      { path: '/x', clean: '/x', query: { 'li\u017ft_id': ['7'] }, folded: ['li\u017ft_id'] },
      { error: expect.stringContaining('semicolon') as unknown },
      { value: { lists: [1], Lists: [7] }, lists: [7] },
      { value: { 'li\u017fts': [7] }, lists: [7] },
      { value: { a: 1 } },
      { value: { a: '\ufffd' } },
      { form: { a: 'b', all: 'true' } },
      { files: [{ field: 'f', name: 'a', size: 0 }] },
    ])
  })
})
