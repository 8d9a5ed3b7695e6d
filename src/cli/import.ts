/** `sallyport import`: many users from JSON Lines; all of them, or none. */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { newToken, tokenSha256 } from '../model/token.ts'
import { loadPolicies } from '../policy/load.ts'
import type { PolicySet } from '../policy/rule.ts'
import type { ImportedUser } from '../store/import.ts'
import { StoreError } from '../store/store-error.ts'
import type { Store } from '../store/store.ts'
import { findTenant, unknownRoles } from './arguments.ts'
import { CommandError } from './command-error.ts'
import { parseImportLine, type ImportLine, type ImportWorld } from './import-line.ts'
import { say, writeOut, type Io } from './io.ts'
import { linesOf } from './lines.ts'
import { progressBar } from './progress.ts'
import { rolesOf } from './roles-of.ts'
import { loadSettings } from './settings.ts'
import { actorOf, withStoreOf } from './with-store.ts'

const maxLineBytes = 1024 * 1024
/** Problems that are shown; the rest is counted. */
const maxShown = 100

export function registerImportCommand(program: Command, io: Io): void {
  program
    .command('import')
    .description(
      'import users from JSON Lines: {"name", "kind"?, "tenant"?, "roles"?, "list_roles"?, "token_sha256"? | "new_token"? | "tokens"?}',
    )
    .argument('<file>', '`-` for standard input')
    .addHelpText(
      'after',
      '\nEvery line is checked first; then all users are written, or none. New tokens are printed as JSON Lines.',
    )
    .action((file: string, _options: unknown, command: Command) => importFile(file, command, io))
}

interface Placed {
  readonly line: number
  readonly user: ImportLine
}

async function importFile(file: string, command: Command, io: Io): Promise<void> {
  const config = await loadSettings(command, io)
  const policies = await loadPolicies(config.policies)
  const placed = await withStoreOf(config, io, (store) => readAll(file, worldOf(config, policies, store), io))
  const made: { readonly tenant: string; readonly name: string; readonly token: string }[] = []
  const users = placed.map(({ user }) =>
    withNewToken(user, io, (token) => made.push({ tenant: user.tenant, name: user.name, token })),
  )
  const progress = progressBar(io, 'users', users.length)
  const count = await withStoreOf(config, io, (store) => store.importUsers(users, actorOf(io), progress.at))
    .finally(() => progress.end())
    .catch((error: unknown) => {
      throw withLines(error, file, placed)
    })
  const showTenant = config.tenants.length > 1
  for (const { tenant, name, token } of made) {
    await writeOut(io, `${JSON.stringify({ ...(showTenant ? { tenant } : {}), name, token })}\n`)
  }
  const shown = made.length === 0 ? '' : `; new tokens (${made.length}) are shown only this once`
  say(io, `imported ${count} ${count === 1 ? 'user' : 'users'}${shown}`)
}

function worldOf(config: Config, policies: PolicySet, store: Store): ImportWorld {
  const known = config.tenants.map(({ name }) => name)
  // 100,000 lines name the same few roles: each combination is judged once.
  const judged = new Map<string, readonly string[]>()
  return {
    tenant: (name) => {
      const tenant = findTenant(config, name)
      if (tenant !== undefined) return { tenant }
      const wrong = name === undefined ? 'is not named, and there are several' : `there is no tenant ${quoted(name)}`
      return { wrong: `${wrong} - ${remedyFor(name ?? '', known)}` }
    },
    unknownRoles: (tenant, names) => {
      const key = JSON.stringify([tenant, names.roles, names.listRoles])
      const found = judged.get(key) ?? unknownRoles(names, rolesOf(tenant, config, policies, store))
      if (judged.size < 10_000) judged.set(key, found)
      return found
    },
  }
}

/** Every line, or a `CommandError` with every mistake of every line. */
async function readAll(file: string, world: ImportWorld, io: Io): Promise<readonly Placed[]> {
  const problems = problemList(file)
  const placed: Placed[] = []
  const firstLine = new Map<string, number>()
  try {
    const stream: AsyncIterable<Buffer | string> = file === '-' ? io.stdin : createReadStream(resolve(io.cwd, file))
    for await (const { number: line, bytes } of linesOf(stream, maxLineBytes)) {
      if (bytes.toString('latin1').trim() === '') continue
      const user = parseImportLine(bytes, world, (problem) => problems.add(line, problem))
      if (user === undefined) continue
      const key = JSON.stringify([user.tenant, user.name])
      const before = firstLine.get(key)
      if (before !== undefined)
        problems.add(line, `name: \`${user.name}\` stands on line ${before} too - a user is one line`)
      firstLine.set(key, before ?? line)
      placed.push({ line, user })
    }
  } catch (error) {
    // The name of the error alone: its text repeats the path, and is in the words of the system.
    const why = error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : String(error)
    throw new CommandError(`${nameOf(file)} cannot be read (${why})`, 2, { cause: error })
  }
  problems.throwIfAny()
  return placed
}

const nameOf = (file: string): string => (file === '-' ? 'standard input' : file)

function problemList(file: string, exitCode: 1 | 2 = 2) {
  const shown: string[] = []
  let count = 0
  return {
    add: (line: number, problem: string): undefined => {
      count++
      if (shown.length < maxShown) shown.push(`${nameOf(file)}:${line}: ${problem}`)
    },
    throwIfAny: (): void => {
      if (count === 0) return
      const more = count > shown.length ? [`… and ${count - shown.length} more`] : []
      throw new CommandError([...shown, ...more, 'nothing was imported'].join('\n'), exitCode)
    },
  }
}

function withNewToken(user: ImportLine, io: Io, made: (token: string) => void): ImportedUser {
  if (!user.newToken) return user
  const token = newToken(io.random)
  made(token)
  const stored = { sha256: tokenSha256(token), label: '', notBefore: undefined, expiresAt: undefined }
  return { ...user, tokens: [...user.tokens, stored] }
}

/** The store names the users that exist already; a person looks for lines. */
function withLines(error: unknown, file: string, placed: readonly Placed[]): unknown {
  if (!(error instanceof StoreError) || error.conflicts.length === 0) return error
  const lines = new Map(placed.map(({ line, user }) => [JSON.stringify([user.tenant, user.name]), line]))
  const problems = problemList(file, 1)
  for (const { tenant, name } of error.conflicts) {
    problems.add(
      lines.get(JSON.stringify([tenant, name])) ?? 0,
      `name: \`${name}\` exists already in tenant \`${tenant}\` - take the line out, or delete the user first`,
    )
  }
  try {
    problems.throwIfAny()
  } catch (told) {
    return told
  }
  return error
}
