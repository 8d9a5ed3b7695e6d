import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '../../src/store/store.ts'
import { credentialSourceContract, type CredentialHand } from '../contracts/credential-source.ts'
import { testClock } from './world.ts'

const handOf = (use: <T>(work: (store: Store) => Promise<T>) => Promise<T>): CredentialHand => ({
  plant: ({ sha256, ...user }) =>
    use(async (store) => {
      const token = sha256 && { sha256, label: '', notBefore: undefined, expiresAt: undefined }
      await store.importUsers([{ ...user, tokens: token === undefined ? [] : [token] }], 'test')
    }),
  disable: (tenant, name) => use((store) => store.setUserStatus(tenant, name, 'disabled', 'test')),
  remove: (tenant, name) => use((store) => store.deleteUser(tenant, name, 'test')),
})

credentialSourceContract('the SQLite store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-contract-'))
  const home = join(folder, 'store.db')
  const hidden = join(folder, 'hidden.db')
  const clock = testClock()
  let file = home
  const source = await openStore({ file, clock, pollMs: 10 })
  const move = async (from: string, to: string): Promise<void> => {
    for (const companion of ['', '-wal', '-shm']) await rename(from + companion, to + companion)
    file = to
  }
  const elsewhere = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    const store = await openStore({ file, clock })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }
  return {
    source,
    here: handOf((work) => work(source)),
    elsewhere: handOf(elsewhere),
    takeAway: async () => {
      await move(home, hidden)
      return () => move(hidden, home)
    },
    lastUsedAt: async (token) => {
      await source.close()
      const tokens = await elsewhere((store) => store.listTokens({ limit: 100 }))
      return tokens.find(({ id }) => id === token)?.lastUsedAt
    },
    close: async () => {
      await source.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
