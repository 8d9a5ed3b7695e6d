/** Makes the configuration of the admin listener. */
import { dirname } from 'node:path'
import { pathFrom, type BuildContext } from './build-upstream.ts'
import type { AdminConfig, ListenAddress, OidcConfig, TlsFiles } from './config.ts'
import { parseOrigin, spanOrNone } from './formats.ts'
import { defaults } from './defaults.ts'
import type { AdminWords, OidcWords } from './language-admin.ts'
import { checkPrivate, checkThere, readSecretVariable, readTokenFile } from './secrets.ts'
import type { Path } from './tree.ts'

/** Mistakes are in the report. */
export async function buildAdmin(
  words: AdminWords | undefined,
  listen: ListenAddress,
  context: BuildContext,
): Promise<AdminConfig> {
  const keyFile = pathFrom(context, ['admin', 'key_file'], words?.key_file ?? defaults.adminKeyFile)
  await checkThere(dirname(keyFile), 'folder', ['admin', 'key_file'], context.report)
  await checkPrivate(keyFile, ['admin', 'key_file'], context.report, context.platform)
  const tls = words?.tls === undefined ? undefined : await buildTls(words.tls, ['admin', 'tls'], context)
  const oidc = words?.oidc === undefined ? undefined : await buildOidc(words.oidc, context)
  const publicUrl = words?.public_url === undefined ? undefined : parseOrigin(words.public_url)
  const sessionLifetimeMs = spanOrNone(words?.session_lifetime ?? defaults.sessionLifetime) ?? 0
  return { listen, tls, publicUrl, keyFile, sessionLifetimeMs, oidc }
}

interface TlsWords {
  readonly cert_file: string
  readonly key_file: string
}

export async function buildTls(words: TlsWords, where: Path, context: BuildContext): Promise<TlsFiles> {
  const [certPath, keyPath] = [
    [...where, 'cert_file'],
    [...where, 'key_file'],
  ]
  const certFile = pathFrom(context, certPath, words.cert_file)
  const keyFile = pathFrom(context, keyPath, words.key_file)
  await checkThere(certFile, 'file', certPath, context.report)
  await checkThere(keyFile, 'file', keyPath, context.report)
  await checkPrivate(keyFile, keyPath, context.report, context.platform)
  return { certFile, keyFile }
}

async function buildOidc(words: OidcWords, context: BuildContext): Promise<OidcConfig | undefined> {
  const where = ['admin', 'oidc']
  const { report, env, platform } = context
  const { client_secret_file: file, client_secret_env: variable } = words
  if ((file === undefined) === (variable === undefined)) {
    const found = file === undefined ? 'names no client secret' : 'names `client_secret_file` and `client_secret_env`'
    report.add(where, found, 'give one of `client_secret_file` and `client_secret_env`')
    return undefined
  }
  const fileAt = [...where, 'client_secret_file']
  const clientSecret =
    file === undefined
      ? readSecretVariable(variable ?? '', [...where, 'client_secret_env'], env, report)
      : await readTokenFile(pathFrom(context, fileAt, file), fileAt, report, platform)
  if (clientSecret === undefined) return undefined
  return { issuer: words.issuer, clientId: words.client_id, clientSecret, label: words.label ?? defaults.oidcLabel }
}
