/** What two policy sets say differently beside what they decide: roles, limits, settings. Pure. */
import type { ListGrant, ListRole, Rule, UserRole } from './rule.ts'

export interface RoleChange {
  readonly role: string
  readonly kind: 'added' | 'removed' | 'changed'
  /** Permissions of a user role, those of the admin API as `admin users:get`; of a list role `3 list:get`, with its `until`. */
  readonly gained: readonly string[]
  readonly lost: readonly string[]
}

/** `undefined` where there is no such setting. Values as JSON writes them. */
export interface SettingChange {
  readonly key: string
  readonly before: string | undefined
  readonly after: string | undefined
}

export const userRoleChanges = (
  before: ReadonlyMap<string, UserRole>,
  after: ReadonlyMap<string, UserRole>,
): readonly RoleChange[] =>
  roleChanges(before, after, ({ permissions, admin }) => [...permissions, ...admin.map((each) => `admin ${each}`)])

export const listRoleChanges = (
  before: ReadonlyMap<string, ListRole>,
  after: ReadonlyMap<string, ListRole>,
): readonly RoleChange[] => roleChanges(before, after, ({ grants }) => grants.flatMap(grantTexts))

function grantTexts({ list, get, manage, until }: ListGrant): string[] {
  const end = until === undefined ? '' : ` until ${new Date(until).toISOString()}`
  return [...(get ? [`${list} list:get${end}`] : []), ...(manage ? [`${list} list:manage${end}`] : [])]
}

function roleChanges<Role>(
  before: ReadonlyMap<string, Role>,
  after: ReadonlyMap<string, Role>,
  holds: (role: Role) => readonly string[],
): readonly RoleChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((role): RoleChange[] => {
    const [was, is] = [before.get(role), after.get(role)]
    const [had, has] = [was, is].map((each) => new Set(each === undefined ? [] : holds(each)))
    const gained = [...(has ?? [])].filter((each) => had?.has(each) !== true)
    const lost = [...(had ?? [])].filter((each) => has?.has(each) !== true)
    if (was === undefined) return [{ role, kind: 'added', gained, lost }]
    if (is === undefined) return [{ role, kind: 'removed', gained, lost }]
    return gained.length + lost.length === 0 ? [] : [{ role, kind: 'changed', gained, lost }]
  })
}

/** Every leaf that differs, by its dotted path. */
export function settingChanges(before: unknown, after: unknown): readonly SettingChange[] {
  const [was, is] = [leaves(before), leaves(after)]
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((key) => was.get(key) !== is.get(key))
    .toSorted()
    .map((key) => ({ key, before: was.get(key), after: is.get(key) }))
}

function leaves(value: unknown, path = '', found = new Map<string, string>()): ReadonlyMap<string, string> {
  const inner = entriesOf(value)
  if (inner === undefined) {
    if (value !== undefined) found.set(path, JSON.stringify(value))
    return found
  }
  for (const [key, each] of inner) leaves(each, path === '' ? key : `${path}.${key}`, found)
  return found
}

/** Lists are leaves: an index says nothing to who reads a diff. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof Map) return [...(value as ReadonlyMap<string, unknown>)]
  if (value instanceof Set) return [...(value as ReadonlySet<string>)].map((each) => [each, true] as const)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.entries(value)
}

/** What a rule demands is judged; all the rest of it is compared as it is written. */
export function ruleSettings(rule: Rule): Partial<Rule> {
  const { id: _id, at: _at, method: _method, path: _path, allow: _allow, lists: _lists, ...rest } = rule
  const { when: _when, everywhere: _everywhere, answer: _answer, gone: _gone, ...settings } = rest
  return settings
}

/** Whether the demands of the two are written differently. */
export function areDemandsReworded(before: Rule, after: Rule): boolean {
  const demands = ({ allow, lists, when, everywhere, answer, gone }: Rule): string =>
    JSON.stringify({ allow, lists, when, everywhere, answer, gone })
  return demands(before) !== demands(after)
}
