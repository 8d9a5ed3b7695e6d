/** Makes the upstream of one tenant: its own words over those of the top level. */
import { resolve } from 'node:path'
import type { UpstreamConfig, UpstreamCredential } from './config.ts'
import { buildFailing } from './build-failing.ts'
import { buildMembers } from './build-members.ts'
import { spanOrNone } from './formats.ts'
import { upstreamDefaults as defaults, type ServiceWords, type UpstreamWords } from './language-upstream.ts'
import type { Report } from './report.ts'
import { checkThere, readSecretVariable, readTokenFile, type Platform } from './secrets.ts'
import { treeAt, type Path, type Tree } from './tree.ts'
import type { Environment } from './variables.ts'

/** What building needs to know of the world. */
export interface BuildContext {
  readonly tree: Tree
  readonly report: Report
  readonly env: Environment
  readonly platform: Platform
  /** Relative paths of the file are relative to this. */
  readonly fileDir: string
  /** Relative paths of the environment and of flags are relative to this. */
  readonly cwd: string
}

/** The absolute path of a file that the key at `where` names; `otherwise` when it names none. */
export function pathFrom(context: BuildContext, where: Path, value: string): string {
  const leaf = treeAt(context.tree, where)
  const isFromFile = leaf?.kind !== 'scalar' || leaf.source === 'file' || leaf.source === 'variable'
  return resolve(isFromFile ? context.fileDir : context.cwd, value)
}

/** An upstream said in two places: `own` is the tenant's, `top` the top level's. */
export interface UpstreamSources {
  readonly own: UpstreamWords | undefined
  readonly top: UpstreamWords | undefined
  readonly ownPath: Path
}

/** The upstream, or `undefined` with the mistakes in the report. */
export async function buildUpstream(
  sources: UpstreamSources,
  context: BuildContext,
): Promise<UpstreamConfig | undefined> {
  const { own = {}, top = {}, ownPath } = sources
  const pathOf = (key: keyof UpstreamWords): Path => (own[key] === undefined ? ['upstream', key] : [...ownPath, key])
  const words = { ...top, ...own }
  // Of two places that say where the backend is, one is believed whole.
  const isElsewhere = own.url !== undefined || own.urls !== undefined
  const isSaidAbove = !isElsewhere && (top.url ?? top.urls) !== undefined
  const where = isSaidAbove ? ['upstream'] : ownPath
  const urls = buildMembers(isElsewhere ? own : top, where, context.report)
  // A credential is for the backend it was given for: it does not follow a tenant to another url.
  const isForeign = isElsewhere && own.credential === undefined && typeof top.credential === 'object'
  if (isForeign) {
    context.report.add(
      [...ownPath, own.url === undefined ? 'urls' : 'url'],
      'is a url of its own without a credential of its own',
      'add `credential`: that of the top level is not sent to another url',
    )
  }
  const credential = await buildCredential(
    isForeign ? 'none' : (words.credential ?? 'none'),
    pathOf('credential'),
    context,
  )
  const caFile = words.ca_file === undefined ? undefined : pathFrom(context, pathOf('ca_file'), words.ca_file)
  if (caFile !== undefined) await checkThere(caFile, 'file', pathOf('ca_file'), context.report)
  if (urls === undefined || credential === undefined) return undefined
  const timeouts = { ...defaults.timeouts, ...top.timeouts, ...own.timeouts }
  return {
    urls,
    credential,
    host: words.host,
    caFile,
    verifyTls: words.insecure_skip_verify !== true,
    connections: words.connections ?? defaults.connections,
    connectTimeoutMs: spanOrNone(timeouts.connect) ?? 0,
    headersTimeoutMs: spanOrNone(timeouts.headers) ?? 0,
    bodyTimeoutMs: spanOrNone(timeouts.body) ?? 0,
    totalTimeoutMs: spanOrNone(timeouts.total) ?? 0,
    idleTimeoutMs: spanOrNone(timeouts.idle) ?? 0,
    ...buildFailing(own, top),
  }
}

async function buildCredential(
  words: 'caller' | 'none' | ServiceWords,
  where: Path,
  context: BuildContext,
): Promise<UpstreamCredential | undefined> {
  if (typeof words === 'string') return { kind: words }
  const secret = await tokenFrom(words, where, context)
  return secret === undefined
    ? undefined
    : { kind: 'service', scheme: words.scheme ?? 'token', user: words.user, secret }
}

async function tokenFrom(words: ServiceWords, where: Path, context: BuildContext): Promise<string | undefined> {
  const { report } = context
  const sources = (['token', 'token_file', 'token_env'] as const).filter((key) => words[key] !== undefined)
  if (sources.length !== 1) {
    const found = sources.length === 0 ? 'names no token' : `names ${sources.map((key) => `\`${key}\``).join(' and ')}`
    report.add(where, found, 'give one of `token_file`, `token_env` and `token: ${VAR}`')
    return undefined
  }
  if (words.token_file !== undefined) {
    const path = [...where, 'token_file']
    return readTokenFile(pathFrom(context, path, words.token_file), path, report, context.platform)
  }
  return words.token_env === undefined
    ? words.token
    : readSecretVariable(words.token_env, [...where, 'token_env'], context.env, report)
}
