/** The store that the configuration names, open for the length of one command. */
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import type { Author } from '../model/author.ts'
import { openStore, type Store } from '../store/store.ts'
import type { Io } from './io.ts'
import { loadSettings } from './settings.ts'

export async function withStore<T>(
  command: Command,
  io: Io,
  work: (store: Store, config: Config) => Promise<T>,
): Promise<T> {
  const config = await loadSettings(command, io)
  return withStoreOf(config, io, (store) => work(store, config))
}

export async function withStoreOf<T>(config: Config, io: Io, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ file: config.store.file, clock: io.clock })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** Who the audit log says it was: the account on this machine, also behind sudo, and where they signed in from, if over SSH. */
export function actorOf(io: Io): Author {
  const { SUDO_USER: behindSudo, USER: user, LOGNAME: logName, USERNAME: windows, SSH_CONNECTION: ssh } = io.env
  // `client-address client-port server-address server-port` (ssh(1)).
  const origin = ssh?.split(' ')[0]
  return {
    actor: `cli:${behindSudo ?? user ?? logName ?? windows ?? 'unknown'}`,
    origin: origin === '' ? undefined : origin,
  }
}

/** Every page of something that is listed in pages. */
export async function allPages<T>(
  page: (after: T | undefined, limit: number) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const limit = 1000
  const all: T[] = []
  for (let last: T | undefined; ;) {
    const found = await page(last, limit)
    for (const item of found) all.push(item)
    if (found.length < limit) return all
    last = found.at(-1)
  }
}
