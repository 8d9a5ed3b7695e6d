/** Writes what a measured gateway starts from: a store with its users, and policies in which they may read list 3. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTenantName, type TenantName } from '../src/model/ids.ts'
import { tokenSha256 } from '../src/model/token.ts'
import { openStore } from '../src/store/store.ts'
import { userName, userToken } from './users.ts'

const shipped = join(import.meta.dirname, '../policies')

function writePolicies(folder: string): void {
  // The shipped policy, so that the route table is the real one, and its rate classes with limits that nobody reaches.
  copyFileSync(join(shipped, 'listmonk.yaml'), join(folder, 'listmonk.yaml'))
  const limits = readFileSync(join(shipped, 'limits.yaml'), 'utf8')
  writeFileSync(join(folder, 'limits.yaml'), limits.replaceAll(/\blimit: *[0-9]+/g, 'limit: 1000000000'))
  const reader = 'user_roles:\n  reader: { permissions: [subscribers:get, campaigns:get, media:manage] }\n'
  const team = 'list_roles:\n  spring team: { lists: { 3: [get, manage], 4: [get] } }\n'
  writeFileSync(join(folder, 'roles.yaml'), reader + team)
}

function* users(tenant: TenantName, count: number) {
  const given = { tenant, kind: 'api' as const, roles: ['reader'], listRoles: ['spring team'] }
  for (let index = 0; index < count; index++) {
    const sha256 = tokenSha256(userToken(index))
    const tokens = [{ sha256, label: 'bench', notBefore: undefined, expiresAt: undefined }]
    yield { ...given, name: userName(index), tokens }
  }
}

const [folder = '', count = ''] = process.argv.slice(2)
const tenant = parseTenantName('default')
if (folder === '' || !/^[1-9][0-9]*$/.test(count) || tenant === undefined)
  throw new Error('usage: seed.ts FOLDER COUNT')

writePolicies(folder)
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() }
const store = await openStore({ file: join(folder, 'sallyport.db'), clock })
await store.importUsers(users(tenant, Number(count)), 'bench')
await store.close()
