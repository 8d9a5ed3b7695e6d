/** `sallyport audit verify`: whether the audit trail is whole, and the first row that is wrong. */
import type { Command } from 'commander'
import { quoted } from '../config/suggest.ts'
import type { AuditVerdict, NotedHead } from '../store/audit-verify.ts'
import { CommandError, usageError } from './command-error.ts'
import { writeOut, type Io } from './io.ts'
import { globalOptions } from './settings.ts'
import { withStore } from './with-store.ts'

interface Options {
  readonly head?: string
  readonly count?: string
}

export function registerAuditVerify(audit: Command, io: Io): void {
  audit
    .command('verify')
    .description('check that no entry of the audit trail was removed, altered, reordered or cut off; prints its head')
    .option('--head <hash>', 'with --count: a head that was printed before, and noted elsewhere')
    .option('--count <n>', 'with --head: how many entries it counted')
    .action(async (options: Options, command: Command) => {
      const noted = notedHead(options)
      const verdict = await withStore(command, io, (store) => store.verifyAudit(noted))
      const isJson = globalOptions(command, io).output === 'json'
      if (isJson) await writeOut(io, `${JSON.stringify(verdictJson(verdict, noted))}\n`)
      if (verdict.kind === 'broken') throw new CommandError(inWords(verdict, noted))
      if (!isJson) await writeOut(io, wholeText(verdict, noted))
    })
}

function notedHead({ head, count }: Options): NotedHead | undefined {
  if (head === undefined && count === undefined) return undefined
  if (head === undefined || count === undefined) throw usageError('--head and --count belong together: give both')
  if (!/^[0-9a-f]{64}$/i.test(head)) {
    throw usageError(
      `--head: ${quoted(head)} is no head - it has 64 hexadecimal digits, see \`sallyport audit verify\``,
    )
  }
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(count)) throw usageError(`--count: ${quoted(count)} is no number of entries`)
  return { hash: head.toLowerCase(), count: Number(count) }
}

type Broken = Extract<AuditVerdict, { kind: 'broken' }>

function wholeText({ count, hash }: Extract<AuditVerdict, { kind: 'whole' }>, noted: NotedHead | undefined): string {
  const since = noted === undefined ? '' : `the noted head is that of the first ${noted.count}\n`
  return `the audit trail is whole: ${count} ${count === 1 ? 'entry' : 'entries'}\n${since}head ${hash}\n`
}

function inWords({ count, id, reason }: Broken, noted: NotedHead | undefined): string {
  const upTo = count === 0 ? 'none before it is good' : `the ${count} before it are good`
  switch (reason) {
    case 'changed':
      return `the audit trail is broken at entry ${id}: it is not what was written there (${upTo})`
    case 'missing':
      return `the audit trail is broken at entry ${id}: entries before it are missing (${upTo})`
    case 'unaccounted':
      return `the audit trail is broken at entry ${id}: it stands after the last one that was written (${upTo})`
    case 'cut':
      return `the audit trail is broken after its first ${count} entries: there were more`
    case 'head':
      return `the audit trail is broken: its head is missing or was altered, after ${count} entries that are good`
    case 'noted':
      return `the audit trail is not the one that was noted: its first ${noted?.count ?? 0} entries do not end in that head`
  }
}

function verdictJson(verdict: AuditVerdict, noted: NotedHead | undefined) {
  if (verdict.kind === 'whole') return { whole: true, count: verdict.count, head: verdict.hash }
  const { count, id, reason } = verdict
  // Text: whoever altered the row may have given it an id that no number holds.
  return { whole: false, good: count, entry: id ?? null, reason, message: inWords(verdict, noted) }
}
