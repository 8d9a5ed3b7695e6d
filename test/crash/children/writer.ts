/** Writes users, tokens, revocations and retired lists until it is killed, and acknowledges each on standard output after it was written. */
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { listIdFrom, parseTenantName } from '../../../src/model/ids.ts'
import { openStore } from '../../../src/store/store.ts'

const [file, prefix, count] = process.argv.slice(2)
const tenant = parseTenantName('default')
if (file === undefined || prefix === undefined || tenant === undefined)
  throw new Error('usage: writer FILE PREFIX COUNT')

const acknowledge = (what: string): void => void writeSync(1, `${what}\n`)
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() }
const store = await openStore({ file, clock })
for (let at = 0; at < Number(count) / 4; at++) {
  const name = `${prefix}${at}`
  await store.createUser({ tenant, name, kind: 'api', roles: ['reader'], listRoles: [] }, 'writer')
  acknowledge(`user ${name}`)
  const sha256 = createHash('sha256').update(name).digest()
  const token = { sha256, label: '', notBefore: undefined, expiresAt: undefined }
  const id = await store.createToken(tenant, name, token, 'writer')
  acknowledge(`token ${id}`)
  // Every other one: there are to be valid ones too.
  if (at % 2 === 0) await store.revokeToken(id, 'writer')
  else await store.setUserStatus(tenant, name, 'disabled', 'writer')
  acknowledge(at % 2 === 0 ? `revoked ${id}` : `disabled ${name}`)
  const list = listIdFrom(at + 1)
  if (list !== undefined) await store.retireList(tenant, list, 'writer')
  acknowledge(`retired ${at + 1}`)
}
await store.close()
