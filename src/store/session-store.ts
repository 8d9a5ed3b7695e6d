/** Sessions of people in the admin pages. */
import type { By } from '../model/author.ts'
import type { UserId } from '../model/ids.ts'
import type { Desk } from './desk.ts'
import {
  findSession,
  insertSession,
  removeSession,
  removeSessionsOf,
  selectSessions,
  touchSession,
  type NewSession,
  type Session,
  type SessionFilter,
} from './sessions.ts'

export interface SessionStore {
  /** Rejects with `missing` where the person is disabled or gone. Tells its id. */
  start(session: NewSession, by: By): Promise<number>
  /** The session whose secret has this hash, while it holds and its person is enabled. */
  find(sha256: Buffer): Promise<Session | undefined>
  /** Newest first. */
  list(filter: SessionFilter): Promise<readonly Session[]>
  end(id: number, by: By): Promise<void>
  /** Every session of the person but `except`; tells how many. */
  endAll(user: UserId, except: number | undefined, by: By): Promise<number>
  /** Something came on it just now. */
  touch(id: number): Promise<void>
}

export function sessionStore({ clock, using, change }: Desk): SessionStore {
  return {
    start: (session, by) => change(by, (trx, atMs, note) => insertSession(trx, session, atMs, note)),
    find: (sha256) => using(({ read }) => findSession(read, sha256, clock.epochMs())),
    list: (filter) => using(({ read }) => selectSessions(read, filter, clock.epochMs())),
    end: (id, by) => change(by, (trx, _atMs, note) => removeSession(trx, id, note)),
    endAll: (user, except, by) => change(by, (trx, _atMs, note) => removeSessionsOf(trx, user, except, note)),
    touch: (id) => using(({ write }) => write.transaction().execute((trx) => touchSession(trx, id, clock.epochMs()))),
  }
}
