/** People who sign in, roles and plans that are managed here, and requests that are carried out once. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const administration: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      sql`alter table users add column version integer not null default 1`,
      sql`alter table users add column plan text`,
      sql`alter table users add column email text`,
      sql`alter table users add column note text not null default ''`,
      sql`create unique index users_email on users (email) where email is not null`,
      sql`create table managed_roles (
        tenant text not null,
        kind text not null check (kind in ('user', 'list')),
        name text not null,
        description text not null,
        definition text not null,
        version integer not null,
        created_at integer not null,
        updated_at integer not null,
        primary key (tenant, kind, name)
      ) strict, without rowid`,
      sql`create table managed_plans (
        tenant text not null,
        name text not null,
        description text not null,
        definition text not null,
        version integer not null,
        created_at integer not null,
        updated_at integer not null,
        primary key (tenant, name)
      ) strict, without rowid`,
      sql`create table tenant_plans (
        tenant text primary key,
        plan text,
        version integer not null
      ) strict, without rowid`,
      sql`create table passwords (
        user_id integer primary key references users (id) on delete cascade,
        phc text not null,
        changed_at integer not null
      ) strict`,
      sql`create table totp (
        user_id integer primary key references users (id) on delete cascade,
        secret text not null,
        confirmed_at integer,
        last_step integer not null
      ) strict`,
      sql`create table recovery_codes (
        user_id integer not null references users (id) on delete cascade,
        sha256 blob not null check (length(sha256) = 32),
        used_at integer,
        primary key (user_id, sha256)
      ) strict, without rowid`,
      sql`create table sessions (
        id integer primary key autoincrement,
        user_id integer not null references users (id) on delete cascade,
        sha256 blob not null unique check (length(sha256) = 32),
        method text not null check (method in ('password', 'oidc', 'link')),
        second_factor integer not null check (second_factor in (0, 1)),
        address text not null,
        agent text not null,
        created_at integer not null,
        seen_at integer not null,
        expires_at integer not null
      ) strict`,
      sql`create index sessions_user on sessions (user_id)`,
      sql`create index sessions_expiry on sessions (expires_at)`,
      sql`create table links (
        sha256 blob primary key check (length(sha256) = 32),
        purpose text not null check (purpose in ('setup', 'password')),
        user_id integer references users (id) on delete cascade,
        created_at integer not null,
        expires_at integer not null
      ) strict, without rowid`,
      sql`create table oidc_subjects (
        issuer text not null,
        subject text not null,
        user_id integer not null references users (id) on delete cascade,
        created_at integer not null,
        primary key (issuer, subject)
      ) strict, without rowid`,
      sql`create table once (
        key text primary key,
        fingerprint text not null,
        result text not null,
        at integer not null
      ) strict, without rowid`,
      sql`create index once_at on once (at)`,
      // The admin pages read the trail by whom and what, newest first.
      sql`create index audit_subject on audit (subject, id)`,
      sql`create index audit_actor on audit (actor, id)`,
      sql`create index tokens_user on tokens (user_id)`,
      sql`create index tokens_expiry on tokens (expires_at) where expires_at is not null and revoked_at is null`,
    ]
    for (const statement of statements) await statement.execute(db)
  },
}
