/** `sallyport audit export`: the audit trail as JSON Lines, oldest first. */
import type { Command } from 'commander'
import { quoted } from '../config/suggest.ts'
import { auditJson } from './audit-json.ts'
import { usageError } from './command-error.ts'
import { writeOut, type Io } from './io.ts'
import { withStore } from './with-store.ts'

const pageRows = 1000

export function registerAuditExport(audit: Command, io: Io): void {
  audit
    .command('export')
    .description('write the audit trail as JSON Lines, oldest first')
    .option('--after <id>', 'only what comes after this entry: the last one that was exported before', '0')
    .action(async ({ after: text }: { after: string }, command: Command) => {
      if (!/^(?:0|[1-9][0-9]{0,14})$/.test(text)) {
        throw usageError(`--after: ${quoted(text)} is no id - take it from the last line that was exported`)
      }
      await withStore(command, io, async (store) => {
        for (let after = Number(text); ;) {
          const entries = await store.auditAfter(after, pageRows)
          await writeOut(io, entries.map((entry) => `${JSON.stringify(auditJson(entry))}\n`).join(''))
          const last = entries.at(-1)
          if (last === undefined || entries.length < pageRows) return
          after = last.id
        }
      })
    })
}
