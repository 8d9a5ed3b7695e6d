/** One line of an import file: `{"name": "ann", "roles": ["reader"], "new_token": true}`, or everything that is wrong with it. */
import { isArray, isObject, type Json, type JsonObject, parseJson } from '../model/json.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import type { TenantName } from '../model/ids.ts'
import { isUserName } from '../model/user-name.ts'
import type { NewStoredToken } from '../store/tokens.ts'
import type { NewUser } from '../store/users.ts'
import { parseTime, type RoleNames } from './arguments.ts'
import { maxLabelLength } from './token-new.ts'

export interface ImportLine extends NewUser {
  readonly tokens: readonly NewStoredToken[]
  /** A token is to be made and printed. */
  readonly newToken: boolean
}

/** What a line is judged by. */
export interface ImportWorld {
  /** The tenant of that name; without a name the one that is meant then. Else what is wrong. */
  tenant(name: string | undefined): { readonly tenant: TenantName } | { readonly wrong: string }
  /** What is wrong with the names of roles. */
  unknownRoles(tenant: TenantName, names: RoleNames): readonly string[]
}

/** Returns nothing, so that `return say(…)` can stand where there is no result. */
type Say = (problem: string) => undefined

const keys: readonly string[] = ['name', 'kind', 'tenant', 'roles', 'list_roles', 'token_sha256', 'new_token', 'tokens']
const tokenKeys: readonly string[] = ['sha256', 'label', 'not_before', 'expires_at']
const sha256Shape = /^[0-9a-fA-F]{64}$/

/** Tells `say` everything that is wrong; the result is worth nothing then. */
export function parseImportLine(line: Buffer, world: ImportWorld, say: Say): ImportLine | undefined {
  const reading = parseJson(line)
  if (reading.kind === 'invalid') return say(`${reading.why} - write one JSON object a line`)
  const object = reading.value
  if (!isObject(object)) return say('is no JSON object - write one JSON object a line')
  onlyKeys(object, keys, '', say)

  const name = object['name']
  const isNamed = typeof name === 'string' && isUserName(name)
  if (!isNamed) {
    say(
      `name: ${name === undefined ? 'is missing' : `${shown(name)} is no user name`} - use 1 to 200 of the characters A-Z a-z 0-9 _ . @ -`,
    )
  }
  const kind = object['kind'] ?? 'api'
  if (kind !== 'api' && kind !== 'person') say(`kind: ${shown(kind)} is not known - use \`api\` or \`person\``)
  const roles = texts(object, 'roles', say)
  const listRoles = texts(object, 'list_roles', say)
  const newToken = object['new_token'] ?? false
  if (typeof newToken !== 'boolean') say(`new_token: ${shown(newToken)} is not \`true\` or \`false\``)
  const tenant = tenantOf(object, world, say)
  if (tenant !== undefined) for (const problem of world.unknownRoles(tenant, { roles, listRoles })) say(problem)
  const tokens = tokensOf(object, say)
  if (tenant === undefined || !isNamed || (kind !== 'api' && kind !== 'person')) return undefined
  return { tenant, name, kind, roles, listRoles, tokens, newToken: newToken === true }
}

function onlyKeys(object: JsonObject, known: readonly string[], where: string, say: Say): void {
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) say(`${where}${quoted(key)} is not a known key - ${remedyFor(key, known)}`)
  }
}

function texts(object: JsonObject, key: string, say: Say): readonly string[] {
  const value = object[key] ?? []
  if (isArray(value) && value.every((item) => typeof item === 'string')) return value
  say(`${key}: is no list of texts - write ["reader"]`)
  return []
}

function tenantOf(object: JsonObject, world: ImportWorld, say: Say): TenantName | undefined {
  const name = object['tenant'] ?? undefined
  if (name !== undefined && typeof name !== 'string') return say(`tenant: ${shown(name)} is no text`)
  const found = world.tenant(name)
  if ('tenant' in found) return found.tenant
  return say(`tenant: ${found.wrong}`)
}

function tokensOf(object: JsonObject, say: Say): readonly NewStoredToken[] {
  const listed = object['tokens'] ?? []
  if (!isArray(listed)) {
    say('tokens: is no list - write [{"sha256": "…", "label": "…"}]')
    return []
  }
  const alone = object['token_sha256'] ?? undefined
  const hashes = [
    ...(alone === undefined ? [] : [sha256Of(alone, 'token_sha256', say)]),
    ...listed.map((item: Json, index) => tokenOf(item, `tokens[${index}]`, say)),
  ]
  const tokens = hashes.flatMap((token) => token ?? [])
  const distinct = new Set(tokens.map(({ sha256 }) => sha256.toString('hex')))
  if (distinct.size < tokens.length) say('the same token stands twice')
  return tokens
}

function sha256Of(value: Json | undefined, where: string, say: Say): NewStoredToken | undefined {
  if (typeof value === 'string' && sha256Shape.test(value)) {
    return { sha256: Buffer.from(value, 'hex'), label: '', notBefore: undefined, expiresAt: undefined }
  }
  // Never shown: who puts a token here by mistake shall not find it in a log.
  return say(`${where}: is no SHA-256 - write 64 hex digits, as \`sallyport hash\` prints them`)
}

function tokenOf(item: Json, where: string, say: Say): NewStoredToken | undefined {
  if (!isObject(item)) return say(`${where}: is no object - write {"sha256": "…", "label": "…"}`)
  onlyKeys(item, tokenKeys, `${where}: `, say)
  const token = sha256Of(item['sha256'], `${where}.sha256`, say)
  const label = item['label'] ?? ''
  if (typeof label !== 'string' || label.length > maxLabelLength) {
    return say(`${where}.label: is no text of at most ${maxLabelLength} characters`)
  }
  const notBefore = timeOf(item, 'not_before', where, say)
  const expiresAt = timeOf(item, 'expires_at', where, say)
  return token && { ...token, label, notBefore, expiresAt }
}

function timeOf(item: JsonObject, key: string, where: string, say: Say): number | undefined {
  const value = item[key] ?? undefined
  if (value === undefined) return undefined
  const moment = typeof value === 'string' ? parseTime(value) : undefined
  if (moment === undefined) say(`${where}.${key}: ${shown(value)} is no time - write \`2027-01-31T09:00:00+01:00\``)
  return moment
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'nothing' : quoted(typeof value === 'string' ? value : JSON.stringify(value))
}
