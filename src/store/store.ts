/** The store: users, their roles and tokens, and who changed what. */
import type { Transaction } from 'kysely'
import { authorOf, type By } from '../model/author.ts'
import type { DirectGrant, Identity } from '../model/identity.ts'
import type { ListId, TenantName, TokenId, UserId } from '../model/ids.ts'
import type { CredentialSource, ListLedger } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'
import { appendAudit, type AuditRow } from './audit-append.ts'
import { verifyAudit, type AuditVerdict, type NotedHead } from './audit-verify.ts'
import { selectAudit, selectAuditAfter, type AuditEntry, type AuditPage } from './audit.ts'
import { createChangeFeed, lastChangeId, type ChangeFeed } from './change-feed.ts'
import { recorded, type Note } from './changes.ts'
import type { Connections } from './connections.ts'
import { findIdentity } from './identities.ts'
import { insertUsers, type ImportedUser } from './import.ts'
import { openLink, type Link } from './link.ts'
import { writeTouches } from './last-used.ts'
import { removeGrant, restoreLists, retireLists, unretireList, upsertGrant, withholdLists } from './lists.ts'
import { retiredLists, selectRetired, type RetiredList, type RetiredLists } from './retired.ts'
import { explainSqlite } from './store-error.ts'
import type { Tables } from './tables.ts'
import {
  insertToken,
  markRevoked,
  selectTokens,
  type NewStoredToken,
  type TokenFilter,
  type TokenSummary,
} from './tokens.ts'
import { createTouches } from './touches.ts'
import {
  insertUser,
  removeUser,
  replaceRoles,
  selectUsers,
  updateStatus,
  type NewRoles,
  type NewUser,
  type UserFilter,
  type UserSummary,
} from './users.ts'

export interface StoreOptions {
  /** Path of the database; made when it is not there. Its folder must be. */
  readonly file: string
  readonly clock: Clock
  /** Milliseconds between two looks for changes of other processes; 300 by default. */
  readonly pollMs?: number
}

/** What somebody did that is no change of the store: `subject` is what they did it to, `gateway` perhaps. */
export interface Act {
  readonly action: string
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * All changes name who makes them (`by`, for the audit log), and reject with a `StoreError`:
 * `missing` or `conflict` about the user, `unavailable` about the file.
 */
export interface Store extends CredentialSource, ListLedger {
  createUser(user: NewUser, by: By): Promise<UserId>
  setUserStatus(tenant: TenantName, name: string, status: Identity['status'], by: By): Promise<void>
  /** Replaces the roles; `undefined` leaves them as they are. */
  setRoles(tenant: TenantName, name: string, roles: NewRoles, by: By): Promise<void>
  /** Removes the user and every token. */
  deleteUser(tenant: TenantName, name: string, by: By): Promise<void>
  /** A page in the order of tenant and name. */
  listUsers(filter: UserFilter): Promise<readonly UserSummary[]>
  createToken(tenant: TenantName, name: string, token: NewStoredToken, by: By): Promise<TokenId>
  /** A page in the order of making. */
  listTokens(filter: TokenFilter): Promise<readonly TokenSummary[]>
  /** `false` when it was revoked before. */
  revokeToken(id: TokenId, by: By): Promise<boolean>
  /** All or none; tells how many. */
  importUsers(users: Iterable<ImportedUser>, by: By, onProgress?: (written: number) => void): Promise<number>
  /** Takes the user's own grant on the list; `missing` when there is none. */
  ungrantList(tenant: TenantName, name: string, list: ListId, by: By): Promise<void>
  /** The list was deleted, past the gateway perhaps: list roles grant nothing on it any more, and direct grants go. */
  retireList(tenant: TenantName, list: ListId, by: By): Promise<void>
  /** List roles count again on this id; `missing` when it is not retired. */
  unretireList(tenant: TenantName, list: ListId, by: By): Promise<void>
  listRetired(tenant?: TenantName): Promise<readonly RetiredList[]>
  /** Newest first. */
  listAudit(page: AuditPage): Promise<readonly AuditEntry[]>
  /** Oldest first, from the one after the id `after`; 0 is the start. */
  auditAfter(after: number, limit: number): Promise<readonly AuditEntry[]>
  /** Writes down an act that changes nothing here: `gateway.start`, … */
  recordAct(act: Act, by: By): Promise<void>
  /** Walks the whole audit trail, in bounded memory. */
  verifyAudit(noted?: NotedHead, onProgress?: (count: number) => void): Promise<AuditVerdict>
  /** Writes what is pending and lets go of the file. */
  close(): Promise<void>
}

/** Rejects with a `StoreError` of kind `unusable`, and leaves the file alone, when it cannot be a store of this version. */
export async function openStore({ file, clock, pollMs = 300 }: StoreOptions): Promise<Store> {
  const link = await openLink(file)
  const retired = retiredLists()
  const feed = createChangeFeed(await firstLook(link, file, retired), ({ read }) => retired.load(read))
  const poll = startPoll(link, feed, retired, pollMs)

  const using = async <T>(work: (connections: Connections) => Promise<T>): Promise<T> => {
    try {
      return await work(link.connections())
    } catch (error) {
      throw explainSqlite(error, file, 'unavailable')
    }
  }
  const change = <T>(by: By, work: Work<T>): Promise<T> =>
    using(async (connections) => {
      const atMs = clock.epochMs()
      const { result, committed } = await recorded(connections, { author: authorOf(by), atMs }, (trx, note) =>
        work(trx, atMs, note),
      )
      if (committed !== undefined) feed.committed(committed)
      return result
    })
  // What is retired is read inside the transaction: after the commit there is nothing left that could fail.
  const changeLists = async (by: By, work: Work<void>): Promise<void> =>
    using(async (connections) => {
      const atMs = clock.epochMs()
      const { result, committed } = await recorded(connections, { author: authorOf(by), atMs }, async (trx, note) => {
        await work(trx, atMs, note)
        return selectRetired(trx)
      })
      retired.replace(result)
      if (committed !== undefined) feed.committed(committed)
    })
  const touches = createTouches(clock, (touched) => using((connections) => writeTouches(connections, touched)))

  return {
    find: (tenant, name) => using(({ read }) => findIdentity(read, tenant, name)),
    onChange: (listener) => feed.onChange(listener),
    touch: (token, epochMs) => touches.touch(token, epochMs),
    createUser: (user, by) => change(by, (trx, atMs, note) => insertUser(trx, user, atMs, note)),
    setUserStatus: (tenant, name, status, by) =>
      change(by, (trx, atMs, note) => updateStatus(trx, { tenant, name }, status, atMs, note)),
    setRoles: (tenant, name, roles, by) =>
      change(by, (trx, atMs, note) => replaceRoles(trx, { tenant, name }, roles, atMs, note)),
    deleteUser: (tenant, name, by) => change(by, (trx, _atMs, note) => removeUser(trx, tenant, name, note)),
    listUsers: (filter) => using(({ read }) => selectUsers(read, filter)),
    createToken: (tenant, name, token, by) =>
      change(by, (trx, atMs, note) => insertToken(trx, { tenant, name }, token, atMs, note)),
    listTokens: (filter) => using(({ read }) => selectTokens(read, filter)),
    revokeToken: (id, by) => change(by, (trx, atMs, note) => markRevoked(trx, id, atMs, note)),
    importUsers: (users, by, onProgress = () => undefined) =>
      change(by, (trx, atMs, note) => insertUsers(trx, users, atMs, note, onProgress)),
    retired: (tenant) => retired.of(tenant),
    grantList: (user, grant: DirectGrant, by, sinceMs) =>
      change(by, (trx, atMs, note) => upsertGrant(trx, user, grant, atMs, note, sinceMs)),
    ungrantList: (tenant, name, list, by) =>
      change(by, (trx, _atMs, note) => removeGrant(trx, { tenant, name }, list, note)),
    beginRetirement: (retirement, by) =>
      changeLists(by, (trx, atMs, note) => withholdLists(trx, retirement, atMs, note)),
    endRetirement: (retirement, outcome, by) =>
      changeLists(by, (trx, atMs, note) =>
        outcome === 'gone' ? retireLists(trx, retirement, atMs, note) : restoreLists(trx, retirement, note),
      ),
    retireList: (tenant, list, by) =>
      changeLists(by, async (trx, atMs, note) => {
        const retirement = { tenants: [tenant], lists: [list], operation: 'by hand' }
        await withholdLists(trx, retirement, atMs, note)
        await retireLists(trx, retirement, atMs, note)
      }),
    unretireList: (tenant, list, by) => changeLists(by, (trx, _atMs, note) => unretireList(trx, tenant, list, note)),
    listRetired: (tenant) => using(({ read }) => selectRetired(read, tenant)),
    listAudit: (page) => using(({ read }) => selectAudit(read, page)),
    auditAfter: (after, limit) => using(({ read }) => selectAuditAfter(read, after, limit)),
    recordAct: (act, by) =>
      using(({ write }) => write.transaction().execute((trx) => appendAudit(trx, [actRow(act, by, clock.epochMs())]))),
    verifyAudit: (noted, onProgress) => using(({ read }) => verifyAudit(read, noted, onProgress)),
    close: async () => {
      await poll.stop()
      await touches.close()
      link.close()
    },
  }
}

/** The id to hear changes from, read before what is retired: a change between the two is heard, not lost. */
async function firstLook(link: Link, file: string, retired: RetiredLists): Promise<number> {
  try {
    const lastId = await lastChangeId(link.connections())
    await retired.load(link.connections().read)
    return lastId
  } catch (error) {
    link.close()
    throw explainSqlite(error, file, 'unusable')
  }
}

function actRow({ action, subject, details }: Act, by: By, at: number): AuditRow {
  const { actor, origin, requestId } = authorOf(by)
  return { at, actor, origin, requestId, action, subject, details, before: undefined, after: undefined }
}

type Work<T> = (trx: Transaction<Tables>, atMs: number, note: Note) => Promise<T>

/** Looks every `pollMs` for changes of other processes, one look at a time. Does not keep the process alive. */
function startPoll(link: Link, feed: ChangeFeed, retired: RetiredLists, pollMs: number): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  let isStopped = false
  let isRestartDue = false

  const look = async (): Promise<void> => {
    try {
      if ((await link.check()) === 'replaced') isRestartDue = true
      if (isRestartDue) {
        const lastId = await lastChangeId(link.connections())
        await retired.load(link.connections().read)
        feed.restart(lastId)
      } else await feed.catchUp(link.connections())
      isRestartDue = false
    } catch {
      // The store is away. `find` says so; the feed has not moved on and tells everything when it is back.
    }
    schedule()
  }
  const schedule = (): void => {
    if (isStopped) return
    timer = setTimeout(() => {
      running = look()
    }, pollMs).unref()
  }

  schedule()
  return {
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
