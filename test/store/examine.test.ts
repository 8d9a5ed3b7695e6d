import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { examineStore, readTrail } from '../../src/store/examine.ts'
import { storeAt, temporaryFolder, tenantNamed } from './world.ts'

/** A store with so many users, closed. */
async function storeWith(users: number): Promise<string> {
  const file = join(await temporaryFolder(), 'store.db')
  const store = await storeAt(file)
  for (let at = 0; at < users; at++) {
    const user = { tenant: tenantNamed('north'), name: `u${at}`, kind: 'api', roles: [], listRoles: [] } as const
    await store.createUser(user, 'me')
  }
  await store.close()
  return file
}

const alter = (file: string, sql: string): void => {
  const shell = new DatabaseSync(file)
  shell.exec(sql)
  shell.close()
}

describe('examineStore', () => {
  it('finds a store that was closed as it should be', async () => {
    const file = await storeWith(2)

    expect(await examineStore(file)).toEqual({
      walBytes: 0,
      trail: { count: 2, lastId: 2, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown },
      isHeadRight: true,
    })
  })

  it('sees changes that were not merged into the file, and writes nothing of them', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const store = await storeAt(file)
    const ann = { tenant: tenantNamed('north'), name: 'ann', kind: 'api', roles: [], listRoles: [] } as const
    await store.createUser(ann, 'me')
    const before = (await stat(`${file}-wal`)).size

    expect(await examineStore(file)).toMatchObject({ walBytes: before, trail: { count: 1 } })
    expect((await stat(`${file}-wal`)).size).toBe(before)
  })

  it('says that the head of the trail names another entry than the last', async () => {
    const file = await storeWith(2)
    alter(file, `update audit_head set hash = '${'0'.repeat(64)}'`)

    expect(await examineStore(file)).toMatchObject({ isHeadRight: false })
  })

  it('says nothing of what is no store, or none yet', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'text'), 'dear diary, '.repeat(1000))
    await writeFile(join(folder, 'empty'), '')
    alter(join(folder, 'other'), 'create table diary (day text)')
    const found = await Promise.all(['none', 'text', 'empty', 'other'].map((name) => examineStore(join(folder, name))))

    expect(found).toEqual([undefined, undefined, undefined, undefined])
  })
})

describe('readTrail', () => {
  it('knows whether an end that was noted is still in the trail', async () => {
    const file = await storeWith(3)
    const { end } = (await readTrail(file, undefined)) ?? {}
    const holds = async (count: number, hash: string) =>
      (await readTrail(file, { count, lastId: count, hash }))?.holdsNoted

    expect(end?.count).toBe(3)
    expect(await holds(3, end?.hash ?? '')).toBe(true)
    expect(await holds(0, '')).toBe(true)
    expect(await holds(4, end?.hash ?? '')).toBe(false)
    expect(await holds(2, end?.hash ?? '')).toBe(false)
  })
})
