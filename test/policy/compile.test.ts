import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseYaml } from '../../src/config/document.ts'
import { Problems, type Problem } from '../../src/model/problem.ts'
import { compilePolicySet } from '../../src/policy/compile.ts'
import type { Tree } from '../../src/config/tree.ts'

interface Files {
  readonly backend: string
  readonly roles?: string
  readonly limits?: string
  /** A second backend. */
  readonly other?: string
}

function compile(files: Files) {
  const problems: Problem[] = []
  const parse = (text: string | undefined, name: string): Tree | undefined => {
    if (text === undefined) return undefined
    const document = parseYaml(text, `policies/${name}.yaml`)
    problems.push(...document.problems)
    return document.tree
  }
  const backends = [parse(files.backend, 'listmonk'), parse(files.other, 'other')].flatMap((tree) => tree ?? [])
  return compilePolicySet(
    { backends, roles: parse(files.roles, 'roles'), limits: parse(files.limits, 'limits') },
    problems,
  )
}

function mistakes(files: Files): readonly string[] {
  try {
    compile(files)
  } catch (error) {
    if (error instanceof Problems) return error.message.split('\n')
    throw error
  }
  return []
}

/** Lines 1 to 6; what is added starts in line 7. */
const head = `policy: listmonk
permissions: [lists:get_all, lists:manage_all, subscribers:get, subscribers:manage]
scope: { kind: list, id: int32, get: { role: list:get, all: lists:get_all }, manage: { role: list:manage, all: lists:manage_all }, none: -1 }
resources: { subscriber: { from: "GET /api/subscribers/{id}", lists: "data.lists[].id", absent: [400, 404] } }
parameters: { paging: { page: one, per_page: one } }
routes:
`
const route = (words: string, key = 'POST /api/x/:id') => ({ backend: `${head}  ${key}: { ${words} }\n` })
/** What one route is told, without the place, which is the same for all. */
const toldOf = (words: string, key?: string) =>
  mistakes(route(words, key)).map((line) =>
    line.replace(/^policies\/listmonk\.yaml:7: routes\.[^:]* \/api\/x(?:\/:id)?\.?/, ''),
  )

describe('compilePolicySet', () => {
  // Found by fuzzing: a control character of the file stood in what is printed to the terminal.
  it.each(['"GET /a\\eb"', '"GET /:\\0"', '"GET /\\u2028"'])(
    'tells the key %s on one line, without what would command a terminal',
    (key) => {
      const told = mistakes({ backend: `${head}  ${key}: { allow: public }\n` })

      expect(told).toHaveLength(1)
      expect(told.join()).toMatch(/^[ -~]+$/)
    },
  )

  it('makes a rule of the least route', () => {
    const set = compile({ backend: `${head}  GET /api/lists/:id: { allow: authenticated }\n` })

    expect(set.policies.get('listmonk')).toEqual({
      name: 'listmonk',
      permissions: new Set(['lists:get_all', 'lists:manage_all', 'subscribers:get', 'subscribers:manage']),
      scope: {
        get: { role: 'list:get', all: 'lists:get_all' },
        manage: { role: 'list:manage', all: 'lists:manage_all' },
        partial: 'refuse',
        none: -1,
      },
      resources: new Map([
        [
          'subscriber',
          {
            name: 'subscriber',
            from: '/api/subscribers/{id}',
            key: 'id',
            lists: 'data.lists[].id',
            absent: [400, 404],
          },
        ],
      ]),
      rules: [
        {
          id: 'GET /api/lists/:id',
          method: 'GET',
          path: '/api/lists/:id',
          at: { file: 'policies/listmonk.yaml', line: 7 },
          allow: { kind: 'authenticated' },
          query: { kind: 'declared', parameters: new Map(), aliases: new Map() },
          body: { kind: 'none' },
          lists: [],
          when: [],
          everywhere: undefined,
          answer: [],
          grant: undefined,
          retire: undefined,
          own: undefined,
          limit: 'read',
          cost: 1,
          timeoutMs: undefined,
          gone: undefined,
          credential: 'strip',
          websocket: false,
        },
      ],
      credentialRefused: undefined,
    })
  })

  it('makes a rule of a route that says everything', () => {
    const backend = `${head}
  POST /api/x/:id:
    allow: [subscribers:get, subscribers:manage]
    query: [paging, { deep: many }]
    body: { fields: { email: text, lists: ids, sub: object, all: bool }, strip: [uuid], most: { lists: 2 }, optional: true, max: 2KiB }
    lists:
      - { path: id, need: either, unless: [subscribers:get] }
      - { query: list_id, need: get, absent: fill, intersects: true, fill_unless: [subscribers:manage] }
      - { body: lists, need: manage, absent: refuse, partial: refuse }
      - { body: sub.lists, need: manage, absent: none }
      - { stored: subscriber, id: query.sub_id, need: manage, of: all }
    aliases: { email: "sql=subscribers.email='{email}'" }
    when: [{ query: sql, except: ["subscribers.id={id}", "subscribers.uuid='{uuid}'"], allow: [subscribers:manage] }, { body: all, is: "true", everywhere: manage, every: subscriber }]
    everywhere: manage
    answer: [{ keep: "data.results[]", by: id, need: get, pages: { unpaged: q } }, { mask: "data.lists[]", by: id, need: get, resource: subscriber }]
    grant: { from: data.id, need: [get, manage], undo: "DELETE /api/x/{id}" }
    limit: heavy
    cost: 3
    timeout: none
    gone: it went
`
    const limits =
      'plans: { default: { read: { limit: 1, window: 1s }, write: { limit: 1, window: 1s }, heavy: { limit: 1, window: 1s } } }'
    const { policies } = compile({ backend, limits })
    const named = {
      in: 'query',
      part: undefined,
      unless: [],
      partial: undefined,
      fillUnless: undefined,
      intersects: false,
      keeps: undefined,
    }

    expect(policies.get('listmonk')?.rules).toEqual([
      {
        id: 'POST /api/x/:id',
        method: 'POST',
        path: '/api/x/:id',
        at: { file: 'policies/listmonk.yaml', line: 8 },
        allow: { kind: 'any-of', permissions: ['subscribers:get', 'subscribers:manage'] },
        query: {
          kind: 'declared',
          parameters: new Map([
            ['page', 'one'],
            ['per_page', 'one'],
            ['deep', 'many'],
            ['list_id', 'ids'],
            ['sub_id', 'ids'],
            ['sql', 'one'],
            ['email', 'one'],
          ]),
          aliases: new Map([
            ['email', { parameter: 'sql', comparison: { column: 'subscribers.email', value: 'email' } }],
          ]),
        },
        body: {
          kind: 'json',
          fields: new Map([
            ['email', 'text'],
            ['lists', 'ids'],
            ['sub', 'object'],
            ['all', 'bool'],
          ]),
          strip: new Set(['uuid']),
          most: new Map([['lists', 2]]),
          optional: true,
          maxBytes: 2048,
          parted: undefined,
        },
        lists: [
          { in: 'path', name: 'id', need: 'either', unless: ['subscribers:get'] },
          {
            ...named,
            name: 'list_id',
            need: 'get',
            absent: 'fill',
            intersects: true,
            fillUnless: ['subscribers:manage'],
          },
          { ...named, in: 'body', name: 'lists', need: 'manage', absent: 'refuse', partial: 'refuse' },
          { ...named, in: 'body', name: 'sub.lists', need: 'manage', absent: 'none' },
          {
            in: 'stored',
            resource: 'subscriber',
            id: { in: 'query', name: 'sub_id' },
            need: 'manage',
            of: 'all',
            absent: 'refuse',
            unless: [],
          },
        ],
        when: [
          {
            in: 'query',
            part: undefined,
            name: 'sql',
            is: undefined,
            except: [
              { column: 'subscribers.id', value: 'id' },
              { column: 'subscribers.uuid', value: 'uuid' },
            ],
            allow: ['subscribers:manage'],
            everywhere: undefined,
            every: undefined,
          },
          {
            in: 'body',
            part: undefined,
            name: 'all',
            is: ['true'],
            except: [],
            allow: [],
            everywhere: 'manage',
            every: 'subscriber',
          },
        ],
        everywhere: 'manage',
        answer: [
          {
            act: 'keep',
            path: 'data.results[]',
            by: 'id',
            need: 'get',
            pages: { empty: 'as asked', unpaged: 'q' },
            resource: undefined,
            unless: [],
          },
          {
            act: 'mask',
            path: 'data.lists[]',
            by: 'id',
            need: 'get',
            pages: false,
            resource: 'subscriber',
            unless: [],
          },
        ],
        grant: { from: 'data.id', need: ['get', 'manage'], undo: '/api/x/{id}' },
        retire: undefined,
        own: undefined,
        limit: 'heavy',
        cost: 3,
        timeoutMs: 0,
        gone: 'it went',
        credential: 'strip',
        websocket: false,
      },
    ])
  })

  it.each([
    ['stream', { kind: 'stream', types: 'any' }],
    ['{ types: [text/csv], stream: true }', { kind: 'stream', types: ['text/csv'] }],
    [
      '{ fields: any }',
      {
        kind: 'json',
        fields: undefined,
        strip: new Set(),
        most: new Map(),
        optional: false,
        maxBytes: 1_048_576,
        parted: undefined,
      },
    ],
    [
      '{ fields: { ids: ids }, strip: [id], most: { ids: 1 }, or_parts: { json: data, files: [file, more], max: 2KiB } }',
      {
        kind: 'json',
        fields: new Map([['ids', 'ids']]),
        strip: new Set(['id']),
        most: new Map([['ids', 1]]),
        optional: false,
        maxBytes: 1_048_576,
        parted: {
          json: 'data',
          shape: {
            kind: 'multipart',
            parts: new Map<string, unknown>([
              ['file', { kind: 'file' }],
              ['more', { kind: 'file' }],
              [
                'data',
                {
                  kind: 'json',
                  fields: new Map([['ids', 'ids']]),
                  strip: new Set(['id']),
                  most: new Map([['ids', 1]]),
                },
              ],
            ]),
            maxBytes: 2048,
          },
        },
      },
    ],
    [
      '{ form: { body: text, template_id: number }, optional: true, max: 2KiB }',
      {
        kind: 'form',
        fields: new Map([
          ['body', 'text'],
          ['template_id', 'number'],
        ]),
        optional: true,
        maxBytes: 2048,
      },
    ],
    [
      '{ parts: { params: { fields: { mode: text } }, file: file, note: text } }',
      {
        kind: 'multipart',
        parts: new Map<string, unknown>([
          ['params', { kind: 'json', fields: new Map([['mode', 'text']]) }],
          ['file', { kind: 'file' }],
          ['note', { kind: 'text' }],
        ]),
        maxBytes: 33_554_432,
      },
    ],
  ])('takes the body %s', (body, expected) => {
    const { policies } = compile(route(`allow: authenticated, body: ${body}`))

    expect(policies.get('listmonk')?.rules[0]?.body).toEqual(expected)
  })

  it('makes roles and limits, with what limits.yaml leaves out', () => {
    const roles = `user_roles: { reader: { permissions: [subscribers:get] } }
list_roles:
  spring team: { lists: { 3: [get, manage], 4: { allow: [get], until: "2026-12-31T00:00:00+01:00" } } }
`
    const set = compile({ ...route('allow: authenticated'), roles, limits: 'failures: { limit: 5, window: 10m }\n' })

    expect(set.userRoles).toEqual(
      new Map([
        [
          'reader',
          { name: 'reader', permissions: ['subscribers:get'], admin: [], at: { file: 'policies/roles.yaml', line: 1 } },
        ],
      ]),
    )
    expect(set.listRoles.get('spring team')).toEqual({
      name: 'spring team',
      grants: [
        { list: 3, get: true, manage: true, until: undefined },
        { list: 4, get: true, manage: false, until: Date.parse('2026-12-30T23:00:00Z') },
      ],
      at: { file: 'policies/roles.yaml', line: 3 },
    })
    expect(set.limits).toEqual({
      failures: { name: 'failures', limit: 5, windowMs: 600_000 },
      inFlight: 32,
      plans: new Map([
        [
          'default',
          {
            name: 'default',
            classes: new Map([
              ['read', { name: 'read', limit: 600, windowMs: 60_000 }],
              ['write', { name: 'write', limit: 120, windowMs: 60_000 }],
            ]),
          },
        ],
      ]),
    })
  })

  it('freezes all it returns, maps and sets too', () => {
    const set = compile(route('allow: authenticated'))
    const policy = set.policies.get('listmonk')
    const [rule] = policy?.rules ?? []
    if (policy === undefined || rule === undefined) throw new Error('no rule')

    expect(() => (set.policies as Map<string, unknown>).clear()).toThrow('this collection is frozen')
    expect(() => (policy.permissions as Set<string>).add('settings:manage')).toThrow('this collection is frozen')
    expect(() => Object.assign(rule, { allow: { kind: 'public' } })).toThrow(TypeError)
    expect([set.policies.size, policy.permissions.size, rule.allow.kind]).toEqual([1, 4, 'authenticated'])
  })
})

describe('compilePolicySet refuses a route', () => {
  it.each([
    [
      'allow: [subscribers:gett]',
      'allow[0]: the permission `subscribers:gett` is not among `permissions` - did you mean `subscribers:get`?',
    ],
    ['alow: public', 'alow: the key `alow` is not known here - did you mean `allow`?'],
    [
      'allow: everybody',
      'allow: `everybody` is not one of the words known here - known here: `public`, `authenticated`',
    ],
    ['allow: []', 'allow: holds 0 of at least 1 - name a permission, or remove the key'],
    ['allow: [subscribers:get, subscribers:get]', 'allow[1]: `subscribers:get` stands here twice - keep one of them'],
    [
      'allow: authenticated, query: any',
      'query: `any` stands on a route that is not public - declare the parameters, or write `allow: public`',
    ],
    [
      'allow: authenticated, query: pagin',
      'query: the group `pagin` is not among `parameters` - did you mean `paging`?',
    ],
    [
      'allow: authenticated, query: [paging, { page: ids }]',
      'query[1]: `page` is declared as `one` and as `ids` - declare it once',
    ],
    [
      'allow: authenticated, query: { page: int }',
      'query.page: `int` is not one of the words known here - known here: `one`, `many`, `id`, `ids`',
    ],
    [
      'allow: authenticated, credential: pass',
      'credential: `pass` stands on a route that is not public - remove it, or write `allow: public`',
    ],
    [
      'allow: public, lists: { path: id, need: get }',
      'lists: `lists` asks about a caller, and a public route has none - remove it, or write `allow: authenticated`',
    ],
    [
      'allow: authenticated, lists: { path: list, need: get }',
      'lists.path: the route has no parameter `:list` - known here: `id`',
    ],
    [
      'allow: authenticated, lists: { path: id, need: read }',
      'lists.need: `read` is not one of the words known here - known here: `get`, `manage`, `either`',
    ],
    [
      'allow: authenticated, lists: { need: get }',
      'lists: names none of `path`, `query`, `body`, `part`, `stored` - add the one that is meant',
    ],
    [
      'allow: authenticated, lists: [{ query: l, need: get }]',
      'lists[0]: `absent` is missing - add it: `none`, `fill`, `refuse`, `everywhere`, `empty`',
    ],
    [
      'allow: authenticated, query: { l: one }, lists: { query: l, need: get, absent: none }',
      'lists.query: reads ids from `l`, which is declared as `one` - declare it as `ids` or `id`',
    ],
    [
      'allow: authenticated, query: { l: id }, lists: { query: l, need: get, absent: fill }',
      'lists.absent: `fill` may put several lists into `l`, which is declared as `id` - declare it as `ids`',
    ],
    [
      'allow: authenticated, lists: { query: l, need: get, absent: none, fill_unless: [subscribers:get] }',
      'lists.fill_unless: stands with `absent: none` - write `absent: fill`, or remove it',
    ],
    [
      'allow: authenticated, lists: { body: lists, need: get, absent: none }',
      'lists.body: reads `lists` from the body, which is not declared as JSON - declare it: `body: { fields: … }`',
    ],
    [
      'allow: authenticated, body: { fields: { list: ids } }, lists: { body: lists, need: get, absent: none }',
      'lists.body: the field `lists` is not declared - add it to `fields`, or: did you mean `list`?',
    ],
    [
      'allow: authenticated, body: { fields: { lists: texts } }, lists: { body: lists, need: get, absent: none }',
      'lists.body: reads `lists`, but `lists` is declared as `texts` - declare it as `ids` or `id`',
    ],
    [
      'allow: authenticated, body: { fields: { lists: ids } }, lists: { body: "lists[].id", need: get, absent: none }',
      'lists.body: reads `lists[].id`, but `lists` is declared as `ids` - declare it as `objects`',
    ],
    [
      'allow: authenticated, body: { fields: { lists: objects } }, lists: { body: "lists[].id", need: get, absent: fill }',
      'lists.absent: `fill` cannot be done inside `lists[].id` - write `refuse`, `none` or `everywhere`',
    ],
    [
      'allow: authenticated, body: { parts: { file: file } }, lists: { part: params.lists, need: get, absent: none }',
      'lists.part: reads JSON from the part `params`, which is not declared so - declare it: `body: { parts: { params: { fields: … } } }`',
    ],
    [
      'allow: authenticated, body: { parts: { p: { fields: { l: ids } } } }, lists: { part: p.l, need: get, absent: fill }',
      'lists.absent: `fill` cannot be done in a part, which is sent unchanged - write `refuse`, `none` or `everywhere`',
    ],
    [
      'allow: authenticated, lists: { stored: subscribers, id: path.id, need: get, of: all }',
      'lists.stored: the resource `subscribers` is not among `resources` - did you mean `subscriber`?',
    ],
    [
      'allow: authenticated, body: { fields: { l: ids } }, lists: { body: l, need: manage, absent: none, keeps: subscriber }',
      'lists.keeps: no line looks up `subscriber` - add a line `stored: subscriber`',
    ],
    [
      'allow: authenticated, body: { fields: { l: ids } }, lists: [{ body: l, need: manage, absent: empty }]',
      'lists[0].absent: `empty` stands without `keeps` - add `keeps`, or say another `absent`',
    ],
    [
      'allow: authenticated, lists: { stored: subscriber, id: path.sub, need: get, of: all }',
      'lists.id: the route has no parameter `:sub` - known here: `id`',
    ],
    [
      'allow: authenticated, lists: { stored: subscriber, id: header.id, need: get, of: all }',
      'lists.id: `header.id` is not where the id stands - write for example `path.id`, `query.id` or `body.ids`',
    ],
    [
      'allow: authenticated, body: { fields: { a: text }, most: { a: 1 } }',
      'body.most.a: the field `a` is declared as `text` - count `texts`, `ids` or `objects`',
    ],
    [
      'allow: authenticated, body: { fields: { a: ids }, most: { b: 1 } }',
      'body.most.b: the field `b` is not declared - count `texts`, `ids` or `objects`',
    ],
    [
      'allow: authenticated, body: { fields: any, or_parts: { json: data, files: [data] } }',
      'body.or_parts.json: `data` is also a file - give it a name of its own',
    ],
    [
      'allow: authenticated, body: { form: { lists: id } }, lists: { body: lists, need: get, absent: none }',
      'lists.body: reads `lists` from the body, which is not declared as JSON - declare it: `body: { fields: … }`',
    ],
    [
      'allow: authenticated, body: { form: { a: text } }, when: { body: b, allow: [subscribers:get] }',
      'when.body: the field `b` is not declared - add it to `fields`, or: did you mean `a`?',
    ],
    [
      'allow: authenticated, query: { email: one, q: one }, aliases: { email: "q=x.email=\'{email}\'" }',
      'aliases.email: `email` is a parameter of the route already - give it another name',
    ],
    [
      'allow: authenticated, query: { q: many }, aliases: { email: "q=x.email=\'{email}\'" }',
      'aliases.email: `q` is not a parameter of the route with type `one` - declare it: `query: { q: one }`',
    ],
    [
      'allow: authenticated, query: { q: one }, aliases: { email: "q=true OR x.email=\'{email}\'" }',
      "aliases.email: `q=true OR x.email='{email}'` is not a parameter and a comparison that it holds - write for example `query=subscribers.email='{email}'`",
    ],
    [
      'allow: authenticated, when: { query: q, except: ["x.id={id} OR true"], allow: [subscribers:get] }',
      "when.except[0]: `x.id={id} OR true` is not a comparison of a column with `{email}`, `{id}` or `{uuid}` - write for example `subscribers.email='{email}'` or `subscribers.id={id}`",
    ],
    [
      'allow: authenticated, when: { query: q, except: ["x.email={email}"], allow: [subscribers:get] }',
      "when.except[0]: `x.email={email}` is not a comparison of a column with `{email}`, `{id}` or `{uuid}` - write for example `subscribers.email='{email}'` or `subscribers.id={id}`",
    ],
    [
      'allow: authenticated, body: { fields: { headers: texts } }, when: { body: headers, named: [bcc], everywhere: get }',
      'when.body: reads `headers`, but `headers` is declared as `texts` - declare it as `objects` or `object`',
    ],
    [
      'allow: authenticated, body: { fields: { headers: objects } }, when: { body: headers, named: [bcc], is: a, everywhere: get }',
      'when.is: compares a text, and `named` reads names of headers - remove one of them',
    ],
    ['allow: authenticated, when: { query: q }', 'when: demands nothing - add `allow`, `everywhere` or `every`'],
    [
      'allow: authenticated, lists: { stored: subscriber, id: path.id, need: get, of: any }, when: { query: q, every: subscriber }',
      'when.every: no line asks for `manage` on `subscriber` - add a line `stored: subscriber` with `need: manage`',
    ],
    [
      'allow: authenticated, body: { fields: any }, when: { body: all, is: true, everywhere: get }',
      'when.is: `true` is a boolean, not a text - put it in quotes',
    ],
    [
      'allow: authenticated, body: { types: [application/json] }',
      'body: names none of `stream`, `fields`, `form`, `parts` - add the one that is meant',
    ],
    [
      'allow: authenticated, body: { fields: { a: text }, strip: [a] }',
      'body.strip[0]: `a` is both a field and taken out - keep it in one of them',
    ],
    [
      'allow: authenticated, body: { fields: any, max: 1MB }',
      'body.max: `1MB` is not a size - write for example `1MiB` or `512KiB`',
    ],
    [
      'allow: authenticated, answer: { keep: data.results, by: id, need: get }',
      'answer.keep: `data.results` is not a list that items can be dropped from - end it with `[]`',
    ],
    [
      'allow: authenticated, answer: { mask: data.results, by: id, need: get }',
      'answer.mask: `data.results` is not a list that items can be dropped from - end it with `[]`',
    ],
    [
      'allow: authenticated, answer: { refuse: "data[].x", by: id, need: get }',
      'answer.refuse: `data[].x` is not a list that items can be dropped from - end it with `[]`',
    ],
    [
      'allow: authenticated, answer: { keep: "data[]", by: id, need: get, pages: { empty: nothing } }',
      'answer.pages.empty: `nothing` is not one of the words known here - known here: `zeros`',
    ],
    [
      'allow: authenticated, answer: { drop: "data[]", by: id, need: get }',
      'answer: names none of `keep`, `mask`, `refuse` - add the one that is meant',
    ],
    [
      'allow: authenticated, answer: { mask: "data[]", by: id, need: get, pages: true }',
      'answer.pages: the key `pages` is not known here - known here: `mask`, `by`, `need`, `resource`, `unless`',
    ],
    ['allow: authenticated, limit: heavy', 'limit: no plan has the rate class `heavy` - known here: `read`, `write`'],
    [
      'allow: authenticated, timeout: 5',
      'timeout: `5` is a number, not a span or `none` - write for example `30s`, `5m` or `none`',
    ],
    ['allow: authenticated, cost: 0', 'cost: `0` is not a whole number - write a whole number from 1 to 1000000'],
    [
      'allow: authenticated, body: { fields: { lists: ids } }, lists: [{ body: lists, need: get, absent: none }, { body: lists, need: manage, absent: refuse }]',
      'lists[1]: a second demand on `lists` that fills it or differs in `absent` or `partial` - give both the same `absent` (not `fill`) and the same `partial`',
    ],
    ['allow: authenticated, websocket: true', 'websocket: upgrades come with GET only - remove it'],
    [
      'allow: [subscribers:get], grant: { from: data.id, need: [get], undo: "DELETE /api/x" }',
      'grant.undo: `DELETE /api/x` is not a DELETE with one `{id}` in it - write for example `DELETE /api/lists/{id}`',
    ],
    [
      'allow: authenticated, retire: path.id',
      'retire: `path.id` is no place of `lists` with `need: manage` - add `lists: { path: id, need: manage }`, or name a place that is judged',
    ],
    [
      'allow: authenticated, lists: { path: id, need: get }, retire: path.id',
      'retire: `path.id` is no place of `lists` with `need: manage` - add `lists: { path: id, need: manage }`, or name a place that is judged',
    ],
    [
      'allow: authenticated, lists: { path: id, need: manage }, retire: query.id',
      'retire: `query.id` is no place of `lists` with `need: manage` - add `lists: { query: id, need: manage }`, or name a place that is judged',
    ],
    [
      'allow: authenticated, own: logout, body: stream',
      'body: `body` stands beside `own`, and nothing of this route is sent to the backend - remove one of the two',
    ],
    [
      'allow: authenticated, own: profile, timeout: 5s',
      'timeout: `timeout` stands beside `own`, and nothing of this route is sent to the backend - remove one of the two',
    ],
  ])('%s', (words, message) => {
    expect(toldOf(words)).toEqual([message])
  })

  it.each(['grant: { from: data.id, need: [get] }', 'lists: { path: id, need: manage }, retire: path.id'])(
    'that is a GET with %s',
    (words) => {
      const word = words.includes('retire') ? 'retire' : 'grant'
      expect(toldOf(`allow: authenticated, ${words}`, 'GET /api/x/:id')).toEqual([
        `${word}: \`${word}\` stands on a GET, which changes nothing and may be sent twice - remove it`,
      ])
    },
  )

  it('with a body on GET, and without allow', () => {
    expect(toldOf('allow: authenticated, body: stream', 'GET /api/x')).toEqual([
      'body: a GET carries no body - remove it',
    ])
    expect(mistakes({ backend: `${head}  GET /api/x: {}\n` })).toEqual([
      'policies/listmonk.yaml:7: routes.GET /api/x: `allow` is missing - add it, for example `allow: authenticated`',
    ])
  })

  it.each([
    ['GET', 'the route is not a method and a path - write for example `GET /api/lists/:id`'],
    ['get /api', 'the route has no method known here - use one of GET, POST, PUT, PATCH, DELETE, OPTIONS'],
    ['HEAD /api', 'the route names HEAD, which the GET of the same path answers - remove it'],
    ['GET api', 'the route has a path that does not start with `/` - write for example `GET /api/lists/:id`'],
    [
      'GET /api/',
      'the route has an empty segment - write the path as a request has it after decoding, without a slash at its end',
    ],
    [
      'GET /a/../b',
      'the route has the segment `..`, which no canonical path holds - write the path as a request has it after decoding, without a slash at its end',
    ],
    [
      'GET /a%2Fb',
      'the route has the segment `a%2Fb`, which no canonical path holds - write the path as a request has it after decoding, without a slash at its end',
    ],
    [
      'GET /a?x=1',
      'the route has the segment `a?x=1`, which no canonical path holds - write the path as a request has it after decoding, without a slash at its end',
    ],
    [
      'GET /uploads*',
      'the route has the segment `uploads*`, which no canonical path holds - write the path as a request has it after decoding, without a slash at its end',
    ],
    ['GET /*/x', 'the route has `*` before its end - put `*` last, or name the segment `:name`'],
    ['GET /:i-d', 'the route has the malformed parameter `:i-d` - write `:name` with letters, digits and `_`'],
    ['GET /:id/x/:id', 'the route names `:id` twice - give each parameter its own name'],
  ])('with the key %s', (key, message) => {
    expect(mistakes({ backend: `${head}  "${key}": { allow: authenticated }\n` })).toEqual([
      `policies/listmonk.yaml:7: routes.${key}: ${message}`,
    ])
  })

  it('that matches the same requests as another', () => {
    const backend = `${head}  GET /a/:id: { allow: authenticated }\n  GET /a/b: { allow: public }\n  GET /a/:name: { allow: public }\n`

    expect(mistakes({ backend })).toEqual([
      'policies/listmonk.yaml:9: routes.GET /a/:name: matches the same requests as the route at policies/listmonk.yaml:7 - keep one of them',
    ])
  })
})

describe('a resource found by e-mail', () => {
  const withAddresses = (words: string, from = "GET /api/subscribers?query=email='{email}'"): Files => ({
    backend: `${head
      .replace(
        'resources: {',
        `resources: { address: { from: "${from}", lists: "data.results[].lists[].id", absent: [] },`,
      )
      .trimEnd()}\n  POST /api/x/:id: { allow: authenticated, ${words} }\n`,
  })
  const told = (words: string, from?: string) =>
    mistakes(withAddresses(words, from)).map((line) => line.replace(/^policies\/listmonk\.yaml:\d: /, ''))

  it('is read from texts of the body', () => {
    const words =
      'body: { fields: { to: texts, one: text } }, lists: [{ stored: address, id: body.to, need: get, of: any, absent: another }, { stored: address, id: body.one, need: get, of: any, absent: another }]'
    const policy = compile(withAddresses(words)).policies.get('listmonk')

    expect(policy?.resources.get('address')).toEqual({
      name: 'address',
      from: "/api/subscribers?query=email='{email}'",
      key: 'email',
      lists: 'data.results[].lists[].id',
      absent: [],
    })
    expect(policy?.rules[0]?.lists).toEqual(
      ['to', 'one'].map((name) => ({
        in: 'stored',
        resource: 'address',
        id: { in: 'body', name },
        need: 'get',
        of: 'any',
        absent: 'another',
        unless: [],
      })),
    )
  })

  it.each([
    [
      'body: { fields: { to: ids } }, lists: { stored: address, id: body.to, need: get, of: any }',
      'routes.POST /api/x/:id.lists.id: reads `to`, but `to` is declared as `ids` - declare it as `texts` or `text`',
    ],
    [
      'lists: { stored: address, id: path.id, need: get, of: any }',
      'routes.POST /api/x/:id.lists.id: `address` is found by e-mail, and an e-mail stands in the body - write `body.x`, or name a resource that is found by id',
    ],
    [
      'answer: { keep: "data[]", by: id, need: get, resource: address }',
      'routes.POST /api/x/:id.answer.resource: `address` is found by e-mail, and `by` names ids - name a resource that is found by id',
    ],
  ])('is nothing else: %s', (words, message) => {
    expect(told(words)).toEqual([message])
  })

  it('is asked for in a target that can be read', () => {
    expect(told('limit: write', 'GET /api/%ff/{email}')).toEqual([
      'resources.address.from: holds an escape that is not UTF-8 - write `%25` for a percent sign',
    ])
  })
})

describe('compilePolicySet refuses files', () => {
  it('with every mistake of all of them at once', () => {
    const backend = `policy: listmonk
permissions: [lists:get_all, lists:get_all2, Lists:manage]
scope: { kind: list, id: int64, get: { role: list:get, all: lists:get_all } }
resources: { subscriber: { from: "POST /api/{id}", lists: data..id, absent: [200] } }
routes:
  GET /api/x: { allow: [lists:get_all], own: me }
  GET /api/y: { allow: [lists:get_all], grant: { from: data.id, need: [] } }
nonsense: 1
`
    const roles = `user_roles:
  reader: { permissions: [subscribers:gett, subscribers:get] }
  " padded": { permissions: [] }
list_roles:
  a: { lists: { 03: [get], 9999999999: [get], 4: [read] } }
  b: { lists: { 5: { allow: [get], until: 2026-12-31 } } }
  c: { lists: { 5: { allow: [get], until: "2026-02-31T00:00:00Z" } } }
`
    const limits = `failures: { limit: 0, window: 1 }
plans:
  default: { read: { limit: 1, window: 1m }, write: { limit: 1, window: 1m } }
  small: { read: { limit: 1, window: 1m } }
`
    const other = `policy: other
permissions: [subscribers:get]
scope: { kind: list, id: int32, get: { role: list:get, all: lists:get_all }, manage: { role: list:manage, all: subscribers:get } }
routes: { GET /: { allow: public } }
`
    expect(mistakes({ backend, roles, limits, other })).toEqual([
      'policies/limits.yaml:1: failures.limit: `0` is not a whole number - write a whole number from 1 to 1000000000',
      'policies/limits.yaml:1: failures.window: `1` is a number, not a span - write for example `1m`',
      'policies/limits.yaml:4: plans.small: lacks the rate class `write`, which another plan has - add it: every plan has the same classes (here: read)',
      'policies/listmonk.yaml:2: permissions[2]: `Lists:manage` is not a permission - write for example `lists:get_all`',
      'policies/listmonk.yaml:3: scope.id: `int64` is not one of the words known here - known here: `int32`',
      'policies/listmonk.yaml:3: scope: `manage` is missing - add it: a map',
      'policies/listmonk.yaml:4: resources.subscriber.from: `POST /api/{id}` is not a GET with `{id}` or `{email}` in it - write for example `GET /api/subscribers/{id}`',
      'policies/listmonk.yaml:4: resources.subscriber.lists: `data..id` is not a path into JSON - write for example `data.results[]` or `data.id`',
      'policies/listmonk.yaml:4: resources.subscriber.absent[0]: `200` is not a whole number - write a whole number from 400 to 599',
      'policies/listmonk.yaml:6: routes.GET /api/x.own: `me` is not one of the words known here - known here: `profile`, `logout`, `openapi`',
      'policies/listmonk.yaml:7: routes.GET /api/y.grant.need: holds 0 of at least 1 - name `get`, `manage`, or remove the key',
      'policies/listmonk.yaml:8: nonsense: the key `nonsense` is not known here - known here: `policy`, `permissions`, `credential_refused`, `scope`, `names`, `resources`, `parameters`, `routes`',
      'policies/other.yaml:3: scope.get.all: the permission `lists:get_all` is not among `permissions` - known here: `subscribers:get`',
      'policies/roles.yaml:3: user_roles. padded: ` padded` is not the name of a role - write it as policies/README.md shows',
      'policies/roles.yaml:5: list_roles.a.lists.03: `03` is not a list id - write it as policies/README.md shows',
      'policies/roles.yaml:5: list_roles.a.lists.4[0]: `read` is not one of the words known here - known here: `get`, `manage`',
      'policies/roles.yaml:5: list_roles.a.lists.9999999999: `9999999999` is not a list id - write 1 to 2147483647',
      'policies/roles.yaml:6: list_roles.b.lists.5.until: `2026-12-31` is not a time with its offset - write for example `2026-12-31T00:00:00+01:00`',
      'policies/roles.yaml:7: list_roles.c.lists.5.until: `2026-02-31T00:00:00Z` is not a time with its offset - write for example `2026-12-31T00:00:00+01:00`',
    ])
  })

  it('with one message for a mistake, not one more for each name that it takes away', () => {
    const backend = `${head}  GET /x: { allow: authenticated, limit: heavy }\n`
    const roles = 'user_roles: { reader: { permissions: [subscribers:get] } }\n'
    const limits = 'plans: { default: { heavy: { limit: 1, window: soon } } }\n'

    expect(mistakes({ backend, roles, limits })).toEqual([
      'policies/limits.yaml:1: plans.default.heavy.window: `soon` is not a span - write for example `1m`',
    ])
    expect(
      mistakes({ backend: backend.replace('permissions:', 'premissions:').replace(', limit: heavy', ''), roles }),
    ).toEqual([
      'policies/listmonk.yaml:2: premissions: the key `premissions` is not known here - did you mean `permissions`?',
    ])
  })

  it('and names a permission that no policy declares, and a rate class that no plan has', () => {
    const backend = `${head}  GET /x: { allow: authenticated, limit: heavy }\n`
    const roles = 'user_roles: { reader: { permissions: [subscribers:gett] } }\n'

    expect(mistakes({ backend, roles })).toEqual([
      'policies/listmonk.yaml:7: routes.GET /x.limit: no plan has the rate class `heavy` - known here: `read`, `write`',
      'policies/roles.yaml:1: user_roles.reader.permissions[0]: no policy declares the permission `subscribers:gett` - did you mean `subscribers:get`?',
    ])
  })

  it('of which two hold the same policy', () => {
    const backend = `${head}  GET /: { allow: public }\n`

    expect(mistakes({ backend, other: backend })).toEqual([
      'policies/other.yaml:1: policy: another file holds the policy `listmonk` - give each its own name',
    ])
  })
})

describe('compilePolicySet with a file that is cut off or changed', () => {
  const whole = `${head}  POST /api/x/:id: { allow: [subscribers:get], body: { fields: { lists: ids } }, lists: [{ body: lists, need: manage, absent: refuse }] }
  GET /é: { allow: public, query: any }
`
  it('gives a set or Problems at every byte', () => {
    const bytes = Buffer.from(whole)
    for (let length = 0; length <= bytes.length; length++) {
      const problems: Problem[] = []
      const document = parseYaml(bytes.subarray(0, length), 'f.yaml')
      problems.push(...document.problems)
      try {
        compilePolicySet(
          { backends: document.tree === undefined ? [] : [document.tree], roles: document.tree, limits: document.tree },
          problems,
        )
      } catch (error) {
        expect(error, `cut at ${length}`).toBeInstanceOf(Problems)
      }
    }
  })

  it('gives a set or Problems for any JSON in the place of a route', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.constantFrom('allow', 'query', 'body', 'lists', 'when', 'answer', 'timeout', 'grant'),
        (value, word) => {
          const told = mistakes(route(`allow: authenticated, ${JSON.stringify(word)}: ${JSON.stringify(value)}`))
          expect(told.every((line) => line.startsWith('policies/listmonk.yaml:7: '))).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })
})
