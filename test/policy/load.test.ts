import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadCases, loadPolicies } from '../../src/policy/load.ts'
import { folderWith } from '../helpers/folder.ts'

const backend = `policy: listmonk
permissions: [lists:get_all, lists:manage_all, subscribers:get]
scope: { kind: list, id: int32, get: { role: list:get, all: lists:get_all }, manage: { role: list:manage, all: lists:manage_all } }
routes: { GET /api/lists/:id: { allow: authenticated, lists: { path: id, need: get } } }
resources: { subscriber: { from: "GET /api/subscribers/{id}", lists: "data.lists[].id", absent: [404] } }
`
const roles =
  'user_roles: { reader: { permissions: [subscribers:get] } }\nlist_roles: { team: { lists: { 3: [get] } } }\n'

async function policiesWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await folderWith(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`policies/${name}`, text])),
  )
  return join(folder, 'policies')
}

const told = (dir: string) =>
  loadPolicies(dir).then(
    () => [],
    (error: Error) => error.message.split('\n'),
  )

describe('loadPolicies', () => {
  it('reads the backends, the roles and the limits of a folder, and nothing else of it', async () => {
    const set = await loadPolicies(
      await policiesWith({
        'listmonk.yaml': backend,
        'roles.yaml': roles,
        'README.md': '# no',
        'cases/a.yaml': 'nonsense: 1',
        '.hidden.yaml': 'x: 1',
        'x.json': '{}',
      }),
    )

    expect([...set.policies.keys()]).toEqual(['listmonk'])
    expect([...set.userRoles.keys(), ...set.listRoles.keys()]).toEqual(['reader', 'team'])
    expect([...set.limits.plans.keys()]).toEqual(['default'])
    expect(set.policies.get('listmonk')?.rules[0]?.at).toEqual({ file: 'policies/listmonk.yaml', line: 4 })
  })

  it('tells the mistakes of all files at once, in the order of a reader', async () => {
    const dir = await policiesWith({
      'listmonk.yaml': backend.replace('need: get', 'need: got'),
      'roles.yaml': 'user_roles: [',
      'a.yaml': 'policy: x: y',
      'old.yml': '',
    })

    expect(await told(dir)).toEqual([
      'policies/a.yaml:1: has a second colon in one line - put the value in quotes, or the map on a line of its own',
      'policies/listmonk.yaml:4: routes.GET /api/lists/:id.lists.need: `got` is not one of the words known here - did you mean `get`?',
      'policies/old.yml:1: ends in `.yml` - name it `.yaml`',
      'policies/roles.yaml:1: is not indented as YAML wants it, or a bracket is not closed - indent all keys of a map by the same spaces, and close each `[` and `{`',
    ])
  })

  it('refuses a folder that is not there, or that holds no backend', async () => {
    const dir = await policiesWith({ 'roles.yaml': '' })

    expect(await told(join(dir, 'gone'))).toEqual([
      'gone:1: cannot be read (ENOENT) - check that the folder is there and that this user may read it',
    ])
    expect(await told(dir)).toEqual(['policies:1: holds no backend file - add one, for example `listmonk.yaml`'])
  })

  it('loads the policies that are shipped', async () => {
    const set = await loadPolicies(new URL('../../policies', import.meta.url).pathname)

    expect([...set.policies.keys()]).toEqual(['listmonk'])
    expect(set.policies.get('listmonk')?.rules.length).toBeGreaterThan(90)
  })
})

describe('loadCases', () => {
  const load = async (text: string, more: Readonly<Record<string, string>> = {}) => {
    const dir = await policiesWith({ 'listmonk.yaml': backend, 'roles.yaml': roles, 'cases/lists.yaml': text, ...more })
    return loadCases(dir, await loadPolicies(dir))
  }

  it('gives each case with its place, and the roles of the folder and of the file together', async () => {
    const [file, ...others] = await load(`roles: { list_roles: { summer: { lists: { 5: [get] } } } }
partial: narrow
stored: { subscriber: { 18: [], 99: none } }
cases:
  - name: a reader reads
    as: { roles: [reader], list_roles: [team, summer] }
    ask: GET /api/lists/3?x=1
    headers: { accept: text/html }
    stored: { subscriber: { 18: [3, 7] } }
    expect: { effect: allow, reason: lists-granted, lists: [3] }

  - name: nobody does not
    as: anonymous
    ask: POST /api/lists
    body: { lists: [7], note: null }
    expect: { effect: deny, code: route-unknown, status: 404 }
`)

    expect(others).toEqual([])
    expect([file?.file, file?.policy, file?.partial, [...(file?.roles.listRoles.keys() ?? [])]]).toEqual([
      'policies/cases/lists.yaml',
      'listmonk',
      'narrow',
      ['team', 'summer'],
    ])
    expect(file?.cases).toEqual([
      {
        name: 'a reader reads',
        as: { kind: 'roles', roles: ['reader'], listRoles: ['team', 'summer'] },
        ask: { method: 'GET', target: '/api/lists/3?x=1' },
        body: undefined,
        headers: { accept: 'text/html' },
        stored: new Map([
          [
            'subscriber',
            new Map([
              ['18', [3, 7]],
              ['99', undefined],
            ]),
          ],
        ]),
        expect: { effect: 'allow', reason: 'lists-granted', lists: [3] },
        at: { file: 'policies/cases/lists.yaml', line: 5 },
      },
      {
        name: 'nobody does not',
        as: { kind: 'anonymous' },
        ask: { method: 'POST', target: '/api/lists' },
        body: { lists: [7], note: null },
        headers: {},
        stored: new Map([
          [
            'subscriber',
            new Map([
              ['18', []],
              ['99', undefined],
            ]),
          ],
        ]),
        expect: { effect: 'deny', code: 'route-unknown', status: 404 },
        at: { file: 'policies/cases/lists.yaml', line: 12 },
      },
    ])
  })

  it('is empty without the folder `cases`', async () => {
    const dir = await policiesWith({ 'listmonk.yaml': backend })

    expect(await loadCases(dir, await loadPolicies(dir))).toEqual([])
  })

  it('tells every mistake of every file', async () => {
    const text = `policy: listmonkey
cases:
  - { name: a, as: { roles: [redaer] }, ask: GET /a, expect: { effect: allow } }
  - { name: b, as: nobody, ask: /a, expect: { reason: list-granted, code: denied } }
  - { as: anonymous, ask: GET /a, expect: {}, bdy: 1 }
  - { name: d, as: anonymous, ask: GET /a, stored: { subscriber: { x: none, 18: nothing } }, expect: {} }
`
    await expect(load(text, { 'cases/more.yaml': 'stored: { bscriber: { 1: none } }\ncases: []\n' })).rejects.toThrow(
      [
        'policies/cases/lists.yaml:1: policy: there is no policy `listmonkey` - did you mean `listmonk`?',
        'policies/cases/lists.yaml:3: cases[0].as.roles[0]: there is no role `redaer` - did you mean `reader`?',
        'policies/cases/lists.yaml:4: cases[1].as: `nobody` is not one of the words known here - known here: `anonymous`',
        'policies/cases/lists.yaml:4: cases[1].ask: `/a` is not a method and a target - write for example `GET /api/lists/3`',
        'policies/cases/lists.yaml:4: cases[1].expect.reason: `list-granted` is not one of the words known here - did you mean `lists-granted`?',
        'policies/cases/lists.yaml:4: cases[1].expect.code: `denied` is not one of the words known here - see policies/README.md for the words known here',
        'policies/cases/lists.yaml:5: cases[2].bdy: the key `bdy` is not known here - did you mean `body`?',
        'policies/cases/lists.yaml:5: cases[2]: `name` is missing - add it: a name',
        'policies/cases/lists.yaml:6: cases[3].stored.subscriber.x: `x` is not an id or an e-mail address - write it as policies/README.md shows',
        'policies/cases/lists.yaml:6: cases[3].stored.subscriber.18: `nothing` is not one of the words known here - known here: `none`',
        'policies/cases/more.yaml:1: stored.bscriber: there is no resource `bscriber` - did you mean `subscriber`?',
        'policies/cases/more.yaml:2: cases: holds 0 of at least 1 - name a map, or remove the key',
      ].join('\n'),
    )
  })
})
