/** The store: users, their roles and tokens, and who changed what. */
import { termsOf, type By } from '../model/author.ts'
import type { DirectGrant, Identity } from '../model/identity.ts'
import type { ListId, TenantName, TokenId, UserId } from '../model/ids.ts'
import type { CredentialSource, ListLedger } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'
import { appendAudit, type AuditRow } from './audit-append.ts'
import { verifyAudit, type AuditVerdict, type NotedHead } from './audit-verify.ts'
import { selectAudit, selectAuditAfter, type AuditEntry, type AuditPage } from './audit.ts'
import { createChangeFeed } from './change-feed.ts'
import { openDesk } from './desk.ts'
import { findIdentity } from './identities.ts'
import { insertUsers, type ImportedUser } from './import.ts'
import { openLink } from './link.ts'
import { writeTouches } from './last-used.ts'
import { removeGrant, upsertGrant } from './list-grants.ts'
import { restoreLists, retireLists, unretireList, withholdLists } from './lists.ts'
import { managedStore, type ManagedStore } from './managed-store.ts'
import { peopleStore, type PeopleStore } from './people-store.ts'
import { firstLook, startPoll } from './poll.ts'
import { selectRetired, type RetiredList } from './retired.ts'
import { sessionStore, type SessionStore } from './session-store.ts'
import { sharedMemory } from './shared.ts'
import { relabelToken, rotateToken, type TokenKey } from './token-changes.ts'
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
} from './users.ts'
import { countUsers, selectUserPage, selectUsersById, type UserQuery } from './user-pages.ts'
import type { UserSummary } from './user-summaries.ts'
import { updateUser, type UserChanges } from './user-update.ts'

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
 * All changes name who makes them (`by`, for the audit log, with the terms of the change), and reject with a `StoreError`:
 * `missing`, `conflict` or `stale` about the user, `unavailable` about the file.
 */
export interface Store extends CredentialSource, ListLedger {
  readonly managed: ManagedStore
  readonly people: PeopleStore
  readonly sessions: SessionStore
  createUser(user: NewUser, by: By): Promise<UserId>
  setUserStatus(tenant: TenantName, name: string, status: Identity['status'], by: By): Promise<void>
  /** Replaces the roles; `undefined` leaves them as they are. */
  setRoles(tenant: TenantName, name: string, roles: NewRoles, by: By): Promise<void>
  /** Several changes at once; `stale` where `by` names a version and it is not that one. */
  updateUser(tenant: TenantName, name: string, changes: UserChanges, by: By): Promise<void>
  /** Removes the user and every token. */
  deleteUser(tenant: TenantName, name: string, by: By): Promise<void>
  /** A page in the order of tenant and name. */
  listUsers(filter: UserFilter): Promise<readonly UserSummary[]>
  usersById(ids: readonly UserId[]): Promise<readonly UserSummary[]>
  userPage(query: UserQuery): Promise<readonly UserSummary[]>
  countUsers(query: UserQuery): Promise<number>
  createToken(tenant: TenantName, name: string, token: NewStoredToken, by: By): Promise<TokenId>
  /** A page in the order of making. */
  listTokens(filter: TokenFilter): Promise<readonly TokenSummary[]>
  relabelToken(key: TokenKey, label: string, by: By): Promise<void>
  /** A new token beside the old one, which ends at `oldEndsAt` at the latest; `conflict` where it has ended already. */
  rotateToken(key: TokenKey, token: NewStoredToken, oldEndsAt: number, by: By): Promise<TokenId>
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
  const shared = sharedMemory()
  const feed = createChangeFeed(await firstLook(link, file, shared), ({ read }) => shared.load(read))
  const poll = startPoll(link, feed, shared, pollMs)
  const desk = openDesk({ file, clock, connections: link.connections, feed, shared })
  const { using, change, changeShared } = desk
  const touches = createTouches(clock, (touched) => using((connections) => writeTouches(connections, touched)))

  return {
    managed: managedStore(desk, shared),
    people: peopleStore(desk),
    sessions: sessionStore(desk),
    find: (tenant, name) => using(({ read }) => findIdentity(read, tenant, name)),
    onChange: (listener) => feed.onChange(listener),
    touch: (token, epochMs) => touches.touch(token, epochMs),
    createUser: (user, by) => change(by, (trx, atMs, note) => insertUser(trx, user, atMs, note)),
    setUserStatus: (tenant, name, status, by) =>
      change(by, (trx, atMs, note) => updateStatus(trx, { tenant, name }, status, atMs, note)),
    setRoles: (tenant, name, roles, by) =>
      change(by, (trx, atMs, note) => replaceRoles(trx, { tenant, name }, roles, atMs, note)),
    updateUser: (tenant, name, changes, by) =>
      change(by, (trx, atMs, note) => updateUser(trx, { tenant, name }, changes, termsOf(by).ifVersion, atMs, note)),
    deleteUser: (tenant, name, by) =>
      change(by, (trx, _atMs, note) => removeUser(trx, tenant, name, termsOf(by).ifVersion, note)),
    listUsers: (filter) => using(({ read }) => selectUsers(read, filter)),
    usersById: (ids) => using(({ read }) => selectUsersById(read, ids)),
    userPage: (query) => using(({ read }) => selectUserPage(read, query)),
    countUsers: (query) => using(({ read }) => countUsers(read, query)),
    createToken: (tenant, name, token, by) =>
      change(by, (trx, atMs, note) => insertToken(trx, { tenant, name }, token, atMs, note)),
    listTokens: (filter) => using(({ read }) => selectTokens(read, filter)),
    relabelToken: (key, label, by) => change(by, (trx, _atMs, note) => relabelToken(trx, key, label, note)),
    rotateToken: (key, token, oldEndsAt, by) =>
      change(by, (trx, atMs, note) => rotateToken(trx, key, token, oldEndsAt, atMs, note)),
    revokeToken: (id, by) => change(by, (trx, atMs, note) => markRevoked(trx, id, atMs, note)),
    importUsers: (users, by, onProgress = () => undefined) =>
      change(by, (trx, atMs, note) => insertUsers(trx, users, atMs, note, onProgress)),
    retired: (tenant) => shared.retired(tenant),
    grantList: (user, grant: DirectGrant, by, sinceMs) =>
      change(by, (trx, atMs, note) =>
        upsertGrant(trx, { ...user, ifVersion: termsOf(by).ifVersion }, grant, atMs, note, sinceMs),
      ),
    ungrantList: (tenant, name, list, by) =>
      change(by, (trx, atMs, note) =>
        removeGrant(trx, { tenant, name, ifVersion: termsOf(by).ifVersion }, list, atMs, note),
      ),
    beginRetirement: (retirement, by) =>
      changeShared(by, (trx, atMs, note) => withholdLists(trx, retirement, atMs, note)),
    endRetirement: (retirement, outcome, by) =>
      changeShared(by, (trx, atMs, note) =>
        outcome === 'gone' ? retireLists(trx, retirement, atMs, note) : restoreLists(trx, retirement, atMs, note),
      ),
    retireList: (tenant, list, by) =>
      changeShared(by, async (trx, atMs, note) => {
        const retirement = { tenants: [tenant], lists: [list], operation: 'by hand' }
        await withholdLists(trx, retirement, atMs, note)
        await retireLists(trx, retirement, atMs, note)
      }),
    unretireList: (tenant, list, by) =>
      changeShared(by, (trx, atMs, note) => unretireList(trx, tenant, list, atMs, note)),
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

function actRow({ action, subject, details }: Act, by: By, at: number): AuditRow {
  const { actor, origin, requestId } = termsOf(by)
  return { at, actor, origin, requestId, action, subject, details, before: undefined, after: undefined }
}
