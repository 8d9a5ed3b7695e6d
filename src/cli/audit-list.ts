/** `sallyport audit list`: the newest entries of the audit trail. */
import type { Command } from 'commander'
import { quoted } from '../config/suggest.ts'
import { documentedTime, parseSpan } from '../model/time.ts'
import type { AuditEntry } from '../store/audit.ts'
import { parseTime } from './arguments.ts'
import { auditJson } from './audit-json.ts'
import { usageError } from './command-error.ts'
import { paintFor, writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { formatTable } from './table.ts'
import { withStore } from './with-store.ts'

interface Options {
  readonly since?: string
  readonly actor?: string
  readonly action?: string
  readonly subject?: string
  readonly limit: string
}

export function registerAuditList(audit: Command, io: Io): void {
  audit
    .command('list')
    .description('show the newest entries of the audit trail, newest first')
    .option('--since <time>', 'only from this time on: `7d`, `12h`, or 2027-01-31T09:00:00+01:00')
    .option('--actor <name>', 'only of this actor: `cli:eve`, `user:ann`')
    .option('--action <word>', 'only of this kind: `user.create`, `token.revoke`')
    .option('--subject <tenant/name>', 'only about this user or list: `default/ann`, `default/list 3`')
    .option('--limit <n>', 'at most so many', '50')
    .action(async (options: Options, command: Command) => {
      const { since, limit, actor, action, subject } = options
      const filter = {
        ...(since === undefined ? {} : { since: momentBefore(io.clock.epochMs(), since) }),
        ...(actor === undefined ? {} : { actor }),
        ...(action === undefined ? {} : { action }),
        ...(subject === undefined ? {} : { subject }),
      }
      const page = { ...filter, limit: countFrom(limit) }
      const entries = await withStore(command, io, (store) => store.listAudit(page))
      const isJson = globalOptions(command, io).output === 'json'
      await writeOut(io, isJson ? `${JSON.stringify(entries.map(auditJson))}\n` : auditTable(entries, io))
    })
}

function momentBefore(nowMs: number, text: string): number {
  const span = parseSpan(text)
  const moment = span === undefined ? parseTime(text) : nowMs - span
  if (moment !== undefined) return moment
  throw usageError(
    `--since: ${quoted(text)} is no span and no time - write \`7d\`, \`12h\` or \`2027-01-31T09:00:00+01:00\``,
  )
}

function countFrom(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text)
  throw usageError(
    `--limit: ${quoted(text)} is no number from 1 to 999999 - for everything, see \`sallyport audit export\``,
  )
}

function auditTable(entries: readonly AuditEntry[], io: Io): string {
  const rows = entries.map((entry) => [
    String(entry.id),
    documentedTime(entry.at),
    entry.actor,
    entry.action,
    entry.subject,
    entry.origin ?? '',
    entry.requestId ?? '',
    changeText(entry),
  ])
  const paint = paintFor(io, 'stdout')
  const titles = ['ID', 'AT', 'ACTOR', 'ACTION', 'SUBJECT', 'FROM', 'REQUEST', 'CHANGE']
  return formatTable(titles, rows, (text) => paint('bold', text))
}

/** Only what differs, as `status: "enabled" → "disabled"`; nothing before stands as `–`. */
function changeText({ before = {}, after = {}, details }: AuditEntry): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changes = names.flatMap((name) => {
    const [old, now] = [JSON.stringify(before[name]) ?? '–', JSON.stringify(after[name]) ?? '–']
    return old === now ? [] : [`${name}: ${old === '–' ? now : `${old} → ${now}`}`]
  })
  const facts = Object.entries(details).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return [...changes, ...facts].join(', ')
}
