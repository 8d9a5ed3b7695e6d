/** Chains the audit trail: rows that are there already in the order of their ids. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { chainHash, genesis } from './audit-chain.ts'

interface OldRow {
  readonly id: number
  readonly at: number
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly details: string
}

/** Rows at a time, so that a trail of any length is chained in bounded memory. */
const pageRows = 1000

export const auditChain: Migration = {
  async up(db: Kysely<unknown>) {
    const tables = [
      sql`create table chained_audit (
        id integer primary key autoincrement,
        at integer not null,
        actor text not null,
        origin text,
        request_id text,
        action text not null,
        subject text not null,
        details text not null,
        before text,
        after text,
        hash text not null check (length(hash) = 64)
      ) strict`,
      // Where the chain ends: without it, rows cut off at the end would leave a chain that is whole.
      sql`create table audit_head (
        only_row integer primary key check (only_row = 1),
        count integer not null,
        last_id integer not null,
        hash text not null check (length(hash) = 64)
      ) strict`,
    ]
    for (const statement of tables) await statement.execute(db)
    const { count, lastId, hash } = await chainRows(db)
    const rest = [
      sql`insert into audit_head values (1, ${count}, ${lastId}, ${hash})`,
      // The triggers of the old table go with it; dropping a table sets none of them off.
      sql`drop table audit`,
      sql`alter table chained_audit rename to audit`,
      sql`create trigger audit_is_not_edited before update on audit
        begin select raise(abort, 'the audit log is append-only'); end`,
      sql`create trigger audit_is_not_cut before delete on audit
        begin select raise(abort, 'the audit log is append-only'); end`,
      // "insert or replace" deletes a row without its delete trigger (sqlite.org/lang_conflict.html).
      sql`create trigger audit_is_not_replaced before insert on audit
        when exists (select 1 from audit where id = new.id)
        begin select raise(abort, 'the audit log is append-only'); end`,
    ]
    for (const statement of rest) await statement.execute(db)
  },
}

async function chainRows(db: Kysely<unknown>) {
  let head = { count: 0, lastId: 0, hash: genesis }
  for (;;) {
    const page = sql<OldRow>`select id, at, actor, action, subject, details from audit
      where id > ${head.lastId} order by id limit ${pageRows}`
    const { rows } = await page.execute(db)
    if (rows.length === 0) return head
    const chained = rows.map(({ id, at, actor, action, subject, details }) => {
      const fields = { id: String(id), at: String(at), actor, origin: null, request_id: null, action, subject, details }
      const hash = chainHash(head.hash, { ...fields, before: null, after: null })
      head = { count: head.count + 1, lastId: id, hash }
      return sql`(${id}, ${at}, ${actor}, ${action}, ${subject}, ${details}, ${hash})`
    })
    await sql`insert into chained_audit (id, at, actor, action, subject, details, hash)
      values ${sql.join(chained)}`.execute(db)
  }
}
