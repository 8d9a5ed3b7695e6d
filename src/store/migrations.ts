/** The schema, step by step. A step that was released is never edited: a change is a new step. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { administration } from './admin-migration.ts'
import { auditChain } from './audit-migration.ts'

const identities: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      sql`create table users (
        id integer primary key autoincrement,
        tenant text not null,
        name text not null,
        kind text not null check (kind in ('api', 'person')),
        status text not null check (status in ('enabled', 'disabled')),
        created_at integer not null,
        updated_at integer not null,
        unique (tenant, name)
      ) strict`,
      sql`create table user_roles_of (
        user_id integer not null references users (id) on delete cascade,
        role text not null,
        primary key (user_id, role)
      ) strict, without rowid`,
      sql`create table list_roles_of (
        user_id integer not null references users (id) on delete cascade,
        role text not null,
        primary key (user_id, role)
      ) strict, without rowid`,
      sql`create table tokens (
        id integer primary key autoincrement,
        user_id integer not null references users (id) on delete cascade,
        sha256 blob not null check (length(sha256) = 32),
        label text not null,
        created_at integer not null,
        not_before integer,
        expires_at integer,
        revoked_at integer,
        last_used_at integer,
        unique (user_id, sha256)
      ) strict`,
      // Autoincrement: an id is never given twice, also after old rows were cleared away.
      sql`create table changes (
        id integer primary key autoincrement,
        at integer not null,
        tenant text not null,
        name text not null
      ) strict`,
      sql`create index changes_at on changes (at)`,
      sql`create table audit (
        id integer primary key autoincrement,
        at integer not null,
        actor text not null,
        action text not null,
        subject text not null,
        details text not null
      ) strict`,
      sql`create trigger audit_is_not_edited before update on audit
        begin select raise(abort, 'the audit log is append-only'); end`,
      sql`create trigger audit_is_not_cut before delete on audit
        begin select raise(abort, 'the audit log is append-only'); end`,
    ]
    for (const statement of statements) await statement.execute(db)
  },
}

const lists: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      sql`create table list_grants (
        user_id integer not null references users (id) on delete cascade,
        list integer not null check (list between 1 and 2147483647),
        get integer not null check (get in (0, 1)),
        manage integer not null check (manage in (0, 1)),
        until integer,
        created_at integer not null,
        withheld_by text,
        primary key (user_id, list)
      ) strict, without rowid`,
      sql`create index list_grants_list on list_grants (list)`,
      sql`create table retired_lists (
        tenant text not null,
        list integer not null check (list between 1 and 2147483647),
        at integer not null,
        pending_by text,
        primary key (tenant, list)
      ) strict, without rowid`,
    ]
    for (const statement of statements) await statement.execute(db)
  },
}

export const migrations: Readonly<Record<string, Migration>> = {
  '0001_identities': identities,
  '0002_lists': lists,
  '0003_audit_chain': auditChain,
  '0004_administration': administration,
}
