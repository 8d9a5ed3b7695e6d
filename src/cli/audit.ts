/** `sallyport audit …`: who changed what, and whether that record is whole. */
import type { Command } from 'commander'
import { registerAuditExport } from './audit-export.ts'
import { registerAuditList } from './audit-list.ts'
import { registerAuditVerify } from './audit-verify.ts'
import type { Io } from './io.ts'

export function registerAuditCommand(program: Command, io: Io): void {
  const audit = program.command('audit').description('who changed what, and whether that record is whole')
  registerAuditList(audit, io)
  registerAuditVerify(audit, io)
  registerAuditExport(audit, io)
}
