import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, readdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/store/store-error.ts'
import { openStore } from '../../src/store/store.ts'
import { storeAt, temporaryFolder, tenantNamed, testClock } from './world.ts'

const fingerprint = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

const refusal = async (file: string): Promise<string> => {
  const error: unknown = await openStore({ file, clock: testClock() }).then(
    () => new Error('it was opened'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(StoreError)
  expect(error).toMatchObject({ kind: 'unusable' })
  return (error as StoreError).message
}

describe('openStore', () => {
  it('makes a store where there is no file, and where there is an empty one', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'empty.db'), '')
    for (const name of ['new.db', 'empty.db']) {
      const store = await storeAt(join(folder, name))
      expect(await store.listUsers({ limit: 1 })).toEqual([])
    }
  })

  it('opens again what it wrote', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const first = await storeAt(file)
    const ann = { tenant: tenantNamed('north'), name: 'ann', kind: 'api', roles: [], listRoles: [] } as const
    await first.createUser(ann, 'me')
    await first.close()

    const second = await storeAt(file)
    expect((await second.find(ann.tenant, 'ann'))?.name).toBe('ann')
  })

  it('refuses a folder', async () => {
    const folder = await temporaryFolder()
    expect(await refusal(folder)).toBe(`${folder}: is a folder - name a file in store.file`)
  })

  it('refuses a path whose folder is not there, and does not make it', async () => {
    const folder = await temporaryFolder()
    expect(await refusal(join(folder, 'data', 'store.db'))).toBe(
      `${join(folder, 'data', 'store.db')}: the folder \`${join(folder, 'data')}\` does not exist - ` +
        'make it, or name another file in store.file',
    )
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses what is neither a file nor a folder', async () => {
    const folder = await temporaryFolder()
    const link = join(folder, 'store.db')
    await symlink('/dev/null', link)
    expect(await refusal(link)).toBe(`${link}: is not a regular file - name another file in store.file`)
  })

  it('refuses a file that is no database, and leaves it as it was', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    await writeFile(file, 'dear diary, '.repeat(1000))
    const before = await fingerprint(file)

    expect(await refusal(file)).toBe(
      `${file}: is not a Sallyport store - name another file in store.file, or put a backup in its place`,
    )
    expect(await fingerprint(file)).toBe(before)
  })

  it('refuses a database of something else, and leaves it as it was', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'photos.db')
    const other = new DatabaseSync(file)
    other.exec('create table photos (id integer)')
    other.close()
    const before = await fingerprint(file)

    expect(await refusal(file)).toBe(`${file}: is a database of something else - name another file in store.file`)
    expect(await fingerprint(file)).toBe(before)
    expect(await readdir(folder)).toEqual(['photos.db'])
  })

  it('refuses a store of a newer version, and leaves it as it was', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'store.db')
    await (await storeAt(file)).close()
    const newer = new DatabaseSync(file)
    newer.exec(`insert into kysely_migration (name, timestamp) values ('9999_future', '2030')`)
    newer.close()
    const before = await fingerprint(file)

    expect(await refusal(file)).toBe(
      `${file}: was written by a newer Sallyport (it has \`9999_future\`) - run that version, or name another file in store.file`,
    )
    expect(await fingerprint(file)).toBe(before)
  })

  it('refuses a store that was cut off, and leaves it as it was', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    await (await storeAt(file)).close()
    await truncate(file, 5000)
    const before = await fingerprint(file)

    expect(await refusal(file)).toBe(`${file}: is damaged - put a backup in its place`)
    expect(await fingerprint(file)).toBe(before)
  })

  it.skipIf(process.getuid?.() === 0)('refuses a file and a folder that it may not write', async () => {
    const folder = join(await temporaryFolder(), 'locked')
    await mkdir(folder)
    const file = join(folder, 'store.db')
    await (await storeAt(file)).close()
    await chmod(file, 0o400)
    expect(await refusal(file)).toMatch(/cannot be written - give this process write access/)
    await chmod(file, 0o600)
    await chmod(folder, 0o500)
    expect(await refusal(file)).toMatch(/cannot be written - give this process write access/)
    expect(await refusal(join(folder, 'new.db'))).toMatch(/cannot be made - give this process write access/)
    await chmod(folder, 0o700)
  })
})
