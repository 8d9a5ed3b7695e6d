/** Makes the tenants: those of `tenants`, or the one called `default` that the top level describes. */
import { parseTenantName, type TenantName } from '../model/ids.ts'
import { parseOffset } from '../model/time.ts'
import { buildUpstream, type BuildContext } from './build-upstream.ts'
import { check } from './check.ts'
import type { TenantConfig } from './config.ts'
import { parseHost } from './formats.ts'
import { defaults } from './defaults.ts'
import { tenantSchema, type ConfigWords, type TenantWords } from './language.ts'
import { reportOn } from './report.ts'
import { quoted } from './suggest.ts'
import { treeAt, type Path } from './tree.ts'

/** The tenants that are right; what is wrong is in the report. */
export async function buildTenants(
  words: Partial<ConfigWords>,
  context: BuildContext,
): Promise<readonly TenantConfig[]> {
  const list = treeAt(context.tree, ['tenants'])
  // Where the top level's upstream is wrong itself, that was said already: what tenants take from it is not judged.
  const isWrong = words.upstream === undefined && treeAt(context.tree, ['upstream']) !== undefined
  if (list === undefined) return isWrong ? [] : buildTenant({ name: 'default' }, [], words, context)
  if (list.kind !== 'list') return []
  const found: TenantConfig[] = []
  const givers: { readonly words: TenantWords; readonly path: Path }[] = []
  for (const [index, item] of list.items.entries()) {
    const tenant = check(item, tenantSchema, reportOn(item)) // judged with the whole file: here only what is right is taken
    if (tenant === undefined) continue
    const path = ['tenants', index]
    givers.push({ words: tenant, path })
    if (!isWrong) found.push(...(await buildTenant(tenant, path, words, context)))
  }
  checkApart(givers, list.items.length, context)
  return found
}

async function buildTenant(
  own: TenantWords,
  path: Path,
  top: Partial<ConfigWords>,
  context: BuildContext,
): Promise<readonly TenantConfig[]> {
  const name = parseTenantName(own.name)
  const ownPath = [...path, 'upstream']
  const upstream = await buildUpstream(
    { own: path.length === 0 ? undefined : own.upstream, top: top.upstream, ownPath },
    context,
  )
  if (name === undefined || upstream === undefined) return []
  const auth = { ...defaults.auth, ...top.auth, ...own.auth }
  return [
    {
      name,
      hosts: (own.hosts ?? []).map((host) => parseHost(host) ?? host),
      upstream,
      policy: own.policy ?? top.policy ?? defaults.policy,
      partial: own.partial ?? top.partial,
      plan: own.plan ?? top.plan ?? defaults.plan,
      contract: own.contract ?? top.contract ?? defaults.contract,
      timezoneMinutes: parseOffset(own.timezone ?? top.timezone ?? defaults.timezone) ?? 0,
      auth: {
        unauthenticatedStatus: auth.unauthenticated_status,
        realm: auth.realm,
        bearer: auth.bearer,
        apiKey: auth.api_key,
      },
    },
  ]
}

/** Tenants must be told apart: by name, and by the host that a request names. */
function checkApart(
  tenants: readonly { readonly words: TenantWords; readonly path: Path }[],
  count: number,
  context: BuildContext,
): void {
  const names = new Map<string, TenantName | string>()
  const hosts = new Map<string, string>()
  for (const { words, path } of tenants) {
    const here = context.report.from(path)
    if (names.has(words.name))
      here.add(['name'], `another tenant is called ${quoted(words.name)}`, 'give each its own name')
    names.set(words.name, words.name)
    if (words.hosts === undefined && count > 1) {
      here.add(
        [],
        `the tenant ${quoted(words.name)} names no \`hosts\``,
        'add `hosts`: with several tenants each needs its own',
      )
    }
    for (const [index, host] of (words.hosts ?? []).entries()) {
      const canonical = host.toLowerCase()
      const owner = hosts.get(canonical)
      if (owner !== undefined)
        here.add(
          ['hosts', index],
          `${quoted(host)} is a host of the tenant ${quoted(owner)} too`,
          'keep it with one of them',
        )
      hosts.set(canonical, owner ?? words.name)
    }
  }
}
