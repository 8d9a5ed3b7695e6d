/** What a user role may open in the gateway's own admin API and pages: a vocabulary of its own, beside the backend's permissions. */

/** `permission → what it opens`, in the words of the admin pages. */
export const adminPermissions = {
  'overview:get': 'see traffic, refusals and the health of backends',
  'users:get': 'see users, their tokens and what they may do',
  'users:manage': 'add, change, disable and delete users; invite people and reset their sign-in',
  'tokens:manage': 'make, rotate and revoke tokens',
  'roles:get': 'see user roles and list roles',
  'roles:manage': 'make, change and delete user roles and list roles; bring retired lists back',
  'plans:get': 'see rate plans and how much of them is used',
  'plans:manage': 'make, change and delete rate plans, and give them to tenants',
  'policies:get': 'read policies, explain decisions and check drafts',
  'audit:get': 'read and export the audit trail',
  'sessions:get': 'see who is signed in',
  'sessions:manage': 'end the sessions of others',
  'settings:get': 'see the configuration in force',
  'tenants:all': 'all of this in every tenant, not only in one’s own',
} as const

export type AdminPermission = keyof typeof adminPermissions

export const adminPermissionNames: readonly AdminPermission[] = Object.keys(adminPermissions) as AdminPermission[]

export const isAdminPermission = (text: string): text is AdminPermission => Object.hasOwn(adminPermissions, text)

/** The user role that is always there: everything that there is, in every tenant. No file and nobody can define it otherwise. */
export const ownerRole = 'owner'
