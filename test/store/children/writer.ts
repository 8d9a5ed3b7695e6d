/** A process that writes users until it is killed, and acknowledges each on standard output after it was written. */
import { writeSync } from 'node:fs'
import { parseTenantName } from '../../../src/model/ids.ts'
import { openStore } from '../../../src/store/store.ts'

const [file, prefix, count] = process.argv.slice(2)
const tenant = parseTenantName('north')
if (file === undefined || tenant === undefined) throw new Error('usage: writer FILE PREFIX COUNT')

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() }
const store = await openStore({ file, clock })
for (let i = 0; i < Number(count); i++) {
  const name = `${prefix}${i}`
  await store.createUser({ tenant, name, kind: 'api', roles: ['reader'], listRoles: [] }, 'writer')
  writeSync(1, `${name}\n`)
}
await store.close()
