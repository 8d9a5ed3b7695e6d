/** `sallyport user …`: who may ask, and with which roles. */
import type { Command } from 'commander'
import type { Io } from './io.ts'
import { registerUserAdd } from './user-add.ts'
import { registerUserDelete } from './user-delete.ts'
import { registerUserGrant, registerUserUngrant } from './user-grant.ts'
import { registerUserLink } from './user-link.ts'
import { registerUserList } from './user-list.ts'
import { registerUserSetRoles } from './user-set-roles.ts'
import { registerUserShow } from './user-show.ts'
import { registerUserStatus } from './user-status.ts'

export function registerUserCommand(program: Command, io: Io): void {
  const user = program.command('user').description('add, list and change users')
  registerUserAdd(user, io)
  registerUserList(user, io)
  registerUserShow(user, io)
  registerUserLink(user, io)
  registerUserStatus(user, io, 'enable')
  registerUserStatus(user, io, 'disable')
  registerUserSetRoles(user, io)
  registerUserGrant(user, io)
  registerUserUngrant(user, io)
  registerUserDelete(user, io)
}
