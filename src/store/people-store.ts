/** People who sign in to the admin pages. */
import type { Administration, By } from '../model/author.ts'
import type { TenantName, UserId } from '../model/ids.ts'
import { readAdministration } from './administration.ts'
import type { Desk } from './desk.ts'
import {
  findLink,
  redeemPassword,
  redeemSetup,
  writePasswordLink,
  writeSetupLink,
  type FirstAdministrator,
  type Link,
  type NewLink,
} from './links.ts'
import { bindSubject, findByEmail, findSubject, unbindSubjects, type Subject } from './oidc-subjects.ts'
import {
  confirmTotp,
  findPeople,
  findPerson,
  pendingTotp,
  removeTotp,
  replaceRecoveryCodes,
  rewritePassword,
  startTotp,
  useRecoveryCode,
  useTotpStep,
  writePassword,
  type PersonRecord,
} from './people.ts'

/** Changes reject with a `StoreError`: `missing` where there is no such person or link, `conflict`. */
export interface PeopleStore {
  /** By name or e-mail address; several where several tenants have somebody of that name. */
  find(login: string, tenant: TenantName | undefined): Promise<readonly PersonRecord[]>
  get(id: UserId): Promise<PersonRecord | undefined>
  /** Ends every session of theirs but `exceptSession`. */
  setPassword(id: UserId, phc: string, exceptSession: number | undefined, by: By): Promise<void>
  /** The same password under other parameters. */
  rehash(id: UserId, from: string, to: string): Promise<void>
  startTotp(id: UserId, sealed: string): Promise<void>
  pendingTotp(id: UserId): Promise<string | undefined>
  /** `codes` are SHA-256. */
  confirmTotp(id: UserId, step: number, codes: readonly Buffer[], by: By): Promise<void>
  /** `false` for a step that was used before. */
  useTotpStep(id: UserId, step: number): Promise<boolean>
  useRecoveryCode(id: UserId, sha256: Buffer, by: By): Promise<boolean>
  replaceRecoveryCodes(id: UserId, codes: readonly Buffer[], by: By): Promise<void>
  removeTotp(id: UserId, by: By): Promise<void>
  /** Takes the place of the set-up link of before. */
  writeSetupLink(link: NewLink, by: By): Promise<void>
  writePasswordLink(id: UserId, link: NewLink, by: By): Promise<void>
  findLink(sha256: Buffer): Promise<Link | undefined>
  redeemSetup(sha256: Buffer, first: FirstAdministrator, by: By): Promise<UserId>
  redeemPassword(sha256: Buffer, phc: string, by: By): Promise<UserId>
  findSubject(subject: Subject): Promise<UserId | undefined>
  findByEmail(email: string): Promise<UserId | undefined>
  bindSubject(subject: Subject, id: UserId, by: By): Promise<void>
  unbindSubjects(id: UserId, by: By): Promise<void>
  administration(): Promise<Administration>
}

export function peopleStore({ clock, using, change }: Desk): PeopleStore {
  return {
    find: (login, tenant) => using(({ read }) => findPeople(read, login, tenant)),
    get: (id) => using(({ read }) => findPerson(read, id)),
    setPassword: (id, phc, exceptSession, by) =>
      change(by, (trx, atMs, note) => writePassword(trx, id, phc, exceptSession, atMs, note)),
    rehash: (id, from, to) => change('gateway', (trx) => rewritePassword(trx, id, from, to)),
    startTotp: (id, sealed) => change('gateway', (trx) => startTotp(trx, id, sealed)),
    pendingTotp: (id) => using(({ read }) => pendingTotp(read, id)),
    confirmTotp: (id, step, codes, by) =>
      change(by, (trx, atMs, note) => confirmTotp(trx, id, step, codes, atMs, note)),
    useTotpStep: (id, step) => change('gateway', (trx) => useTotpStep(trx, id, step)),
    useRecoveryCode: (id, sha256, by) => change(by, (trx, atMs, note) => useRecoveryCode(trx, id, sha256, atMs, note)),
    replaceRecoveryCodes: (id, codes, by) =>
      change(by, (trx, _atMs, note) => replaceRecoveryCodes(trx, id, codes, note)),
    removeTotp: (id, by) => change(by, (trx, _atMs, note) => removeTotp(trx, id, note)),
    writeSetupLink: (link, by) => change(by, (trx, atMs, note) => writeSetupLink(trx, link, atMs, note)),
    writePasswordLink: (id, link, by) => change(by, (trx, atMs, note) => writePasswordLink(trx, id, link, atMs, note)),
    findLink: (sha256) => using(({ read }) => findLink(read, sha256, clock.epochMs())),
    redeemSetup: (sha256, first, by) => change(by, (trx, atMs, note) => redeemSetup(trx, sha256, first, atMs, note)),
    redeemPassword: (sha256, phc, by) => change(by, (trx, atMs, note) => redeemPassword(trx, sha256, phc, atMs, note)),
    findSubject: (subject) => using(({ read }) => findSubject(read, subject)),
    findByEmail: (email) => using(({ read }) => findByEmail(read, email)),
    bindSubject: (subject, id, by) => change(by, (trx, atMs, note) => bindSubject(trx, subject, id, atMs, note)),
    unbindSubjects: (id, by) => change(by, (trx, _atMs, note) => unbindSubjects(trx, id, note)),
    administration: () => using(({ read }) => read.transaction().execute(readAdministration)),
  }
}
