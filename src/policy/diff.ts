/** Two folders of policies compared by what they decide: which callers get another answer to which requests. Pure. */
import { formatPlace } from '../model/problem.ts'
import {
  areDemandsReworded,
  listRoleChanges,
  ruleSettings,
  settingChanges,
  userRoleChanges,
  type RoleChange,
  type SettingChange,
} from './diff-facts.ts'
import { diffRoute, type Caller, type Change, type Side } from './diff-route.ts'
import { grantsOf } from './grants.ts'
import { routeTable, type RouteTable } from './routes.ts'
import type { Limits, ListRole, Policy, PolicySet, Rule, UserRole } from './rule.ts'

export interface RouteDiff {
  readonly policy: string
  readonly route: string
  readonly kind: 'added' | 'removed' | 'changed'
  /** `file:line` of the rule that speaks. */
  readonly before: string | undefined
  readonly after: string | undefined
  readonly settings: readonly SettingChange[]
  readonly changes: readonly Change[]
  /** The demands are written differently, and no judged request is decided differently. */
  readonly isReworded: boolean
  /** Too many places for every combination of them: each two were combined. */
  readonly isSampled: boolean
}

export interface PolicyDiff {
  readonly routes: readonly RouteDiff[]
  readonly userRoles: readonly RoleChange[]
  readonly listRoles: readonly RoleChange[]
  readonly limits: readonly SettingChange[]
  /** Of the policies themselves: permissions, scope, resources. */
  readonly settings: readonly SettingChange[]
  readonly counts: {
    readonly routes: number
    readonly judged: number
    readonly opened: number
    readonly closed: number
    readonly different: number
  }
  readonly isSame: boolean
}

const anonymous = '(no credentials)'
const noRole = '(no role)'

export function diffPolicies(before: PolicySet, after: PolicySet): PolicyDiff {
  const callers = callersOf(before.userRoles, after.userRoles)
  const names = [...new Set([...before.policies.keys(), ...after.policies.keys()])]
  const compared = names.map((name) =>
    comparePolicies(name, before.policies.get(name), after.policies.get(name), callers),
  )
  const routes = compared.flatMap((each) => each.routes)
  const facts = {
    userRoles: userRoleChanges(before.userRoles, after.userRoles),
    listRoles: listRoleChanges(before.listRoles, after.listRoles),
    limits: settingChanges(limitsAsWritten(before.limits), limitsAsWritten(after.limits)),
    settings: names.flatMap((name) => policySettings(name, before.policies.get(name), after.policies.get(name))),
  }
  const pairs = (kind: Change['kind']): number =>
    routes.flatMap(({ changes }) => changes).reduce((sum, change) => sum + (change.kind === kind ? change.pairs : 0), 0)
  return {
    routes,
    ...facts,
    counts: {
      routes: compared.reduce((sum, each) => sum + each.compared, 0),
      judged: compared.reduce((sum, each) => sum + each.judged, 0),
      opened: pairs('opened'),
      closed: pairs('closed'),
      different: pairs('different'),
    },
    isSame: routes.length + Object.values(facts).flat().length === 0,
  }
}

const limitsAsWritten = ({ plans, failures, inFlight }: Limits) => ({
  failures,
  in_flight: inFlight,
  plans: new Map([...plans].map(([name, { classes }]) => [name, classes])),
})

/** What a list role may give, as far as it makes a difference. A caller holds no list, the one that is asked for, or others. */
const listShapes: readonly (readonly [
  name: string,
  grants: readonly (readonly [list: number, get: boolean, manage: boolean])[],
])[] = [
  ['no list', []],
  ['get on A', [[1, true, false]]],
  ['manage on A', [[1, false, true]]],
  ['get and manage on A', [[1, true, true]]],
  ['get and manage on B', [[2, true, true]]],
  [
    'get and manage on A and B',
    [
      [1, true, true],
      [2, true, true],
    ],
  ],
]

function callersOf(before: ReadonlyMap<string, UserRole>, after: ReadonlyMap<string, UserRole>): readonly Caller[] {
  const roles = [undefined, ...new Set([...before.keys(), ...after.keys()])]
  const listRoles = new Map(listShapes.map(([name, grants]) => [name, listRole(name, grants)]))
  const held = (userRoles: ReadonlyMap<string, UserRole>, role: string | undefined, lists: string) =>
    grantsOf({ roles: role === undefined ? [] : [role], listRoles: [lists] }, { userRoles, listRoles }, 0)
  return [
    { role: anonymous, lists: 'no list', before: undefined, after: undefined },
    ...roles.flatMap((role) =>
      listShapes.map(([lists]) => ({
        role: role ?? noRole,
        lists,
        before: held(before, role, lists),
        after: held(after, role, lists),
      })),
    ),
  ]
}

const listRole = (name: string, grants: (typeof listShapes)[number][1]): ListRole => ({
  name,
  at: { file: '', line: 0 },
  grants: grants.map(([list, get, manage]) => ({ list, get, manage, until: undefined })),
})

function comparePolicies(
  name: string,
  before: Policy | undefined,
  after: Policy | undefined,
  callers: readonly Caller[],
) {
  const [old, now] = [before, after].map((policy) => byShape(policy?.rules ?? []))
  const [oldTable, newTable] = [routeTable(before?.rules ?? []), routeTable(after?.rules ?? [])]
  const routes: RouteDiff[] = []
  let judged = 0
  const shapes = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])
  for (const shape of shapes) {
    const [was, is] = [old?.get(shape), now?.get(shape)]
    const rule = is ?? was
    const policy = after ?? before
    if (rule === undefined || policy === undefined) continue
    const left = sideOf(rule, oldTable, before ?? policy)
    const right = sideOf(rule, newTable, after ?? policy)
    const found = diffRoute(rule.path, left, right, callers)
    judged += found.judged
    const settings = was === undefined || is === undefined ? [] : settingChanges(ruleSettings(was), ruleSettings(is))
    const isReworded =
      was !== undefined && is !== undefined && found.changes.length === 0 && areDemandsReworded(was, is)
    const presence = was === undefined ? 'added' : 'removed'
    const kind = was !== undefined && is !== undefined ? 'changed' : presence
    if (kind === 'changed' && found.changes.length + settings.length === 0 && !isReworded) continue
    const { changes, isSampled } = found
    const places = { before: placeOf(left), after: placeOf(right) }
    routes.push({ policy: name, route: rule.id, kind, ...places, settings, changes, isReworded, isSampled })
  }
  return { routes, judged, compared: shapes.size }
}

/** Two routes are one where only the names of their parameters differ. */
const byShape = (rules: readonly Rule[]): ReadonlyMap<string, Rule> =>
  new Map(rules.map((rule) => [`${rule.method} ${rule.path.replaceAll(/:[^/]+/g, ':')}`, rule]))

/** The rule that speaks for such a request, which may be a wider one where there is none of its own. */
function sideOf(rule: Rule, table: RouteTable, policy: Policy): Side {
  const segments = rule.path
    .slice(1)
    .split('/')
    .map((segment) => (segment === '*' ? 'x' : segment.replace(/^:.*/, '1')))
  return { match: table.match(rule.method, segments), terms: { scope: policy.scope, partial: policy.scope.partial } }
}

const placeOf = ({ match }: Side): string | undefined =>
  match.kind === 'rule' ? formatPlace(match.rule.at) : undefined

function policySettings(name: string, before: Policy | undefined, after: Policy | undefined): readonly SettingChange[] {
  const settings = (policy: Policy | undefined): unknown => {
    if (policy === undefined) return undefined
    const { rules: _rules, name: _name, ...rest } = policy
    return rest
  }
  return settingChanges({ [name]: settings(before) }, { [name]: settings(after) })
}
