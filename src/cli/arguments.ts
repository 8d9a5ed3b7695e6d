/** Parsers of what stands on a command line; what cannot be meant ends the command with exit code 2. */
import type { Config } from '../config/config.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { parseListId, type ListId, type TenantName } from '../model/ids.ts'
import { parseSpan } from '../model/time.ts'
import { isUserName } from '../model/user-name.ts'
import type { Roles } from '../policy/grants.ts'
import { usageError } from './command-error.ts'

/** The tenant that is named; else the only one, else the one called `default`. */
export function tenantIn(config: Config, name: string | undefined): TenantName {
  const tenant = findTenant(config, name)
  if (tenant !== undefined) return tenant
  const known = config.tenants.map((one) => one.name)
  if (name === undefined)
    throw usageError(`there are several tenants - say which with --tenant: ${known.map(quoted).join(', ')}`)
  throw usageError(`there is no tenant ${quoted(name)} - ${remedyFor(name, known)}`)
}

/** As `tenantIn`; `undefined` where there is none. */
export function findTenant(config: Config, name: string | undefined): TenantName | undefined {
  const [first, ...others] = config.tenants
  if (name === undefined && others.length === 0) return first.name
  return config.tenants.find((tenant) => tenant.name === (name ?? 'default'))?.name
}

export function userName(text: string): string {
  if (isUserName(text)) return text
  throw usageError(`${quoted(text)} is no user name - use 1 to 200 of the characters A-Z a-z 0-9 _ . @ -`)
}

export function listNumber(text: string): ListId {
  const list = parseListId(text)
  if (list !== undefined) return list
  throw usageError(`${quoted(text)} is no list - use its id, a number from 1 to 2147483647`)
}

export interface RoleNames {
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
}

/** What is wrong with names of roles, in words; nothing for names that are known. */
export function unknownRoles(
  { roles, listRoles }: RoleNames,
  { userRoles, listRoles: known }: Roles,
): readonly string[] {
  const unknown = (what: string, names: readonly string[], all: ReadonlyMap<string, unknown>): readonly string[] =>
    names
      .filter((name) => !all.has(name))
      .map((name) => `there is no ${what} ${quoted(name)} - ${remedyFor(name, all.keys())}`)
  return [...unknown('user role', roles, userRoles), ...unknown('list role', listRoles, known)]
}

export function checkRoles(names: RoleNames, known: Roles): void {
  const unknown = unknownRoles(names, known)
  if (unknown.length > 0) throw usageError(unknown.join('\n'))
}

/** Epoch milliseconds of a span from now (`90d`, `12h`) or of a time as `parseTime` takes it. */
export function momentAfter(nowMs: number, option: string, text: string): number {
  const span = parseSpan(text)
  const moment = span === undefined ? parseTime(text) : nowMs + span
  if (moment !== undefined) return moment
  throw usageError(
    `${option}: ${quoted(text)} is no span and no time - write \`90d\`, \`12h\` or \`2027-01-31T09:00:00+01:00\``,
  )
}

const timeShape = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/

/** Epoch milliseconds of an RFC 3339 time with its offset, as in `2027-01-31T09:00:00+01:00`; else `undefined`. */
export function parseTime(text: string): number | undefined {
  if (!timeShape.test(text)) return undefined
  const moment = Date.parse(text)
  // `Date` takes the 31st of February for a day in March; nobody who writes it means that.
  const day = Number(text.slice(8, 10))
  const lastDay = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate()
  return Number.isNaN(moment) || day > lastDay ? undefined : moment
}

/** For an option that may be given again and again. */
export const collect = (value: string, before: readonly string[] | boolean | undefined): readonly string[] =>
  // `false` or `true` is what a `--no-…` beside the option leaves.
  typeof before === 'object' ? [...before, value] : [value]
