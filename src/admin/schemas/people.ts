/** Signing in, and what people manage of themselves. */
import { Type, type Static } from 'typebox'
import { maxPasswordLength } from '../people/password-rules.ts'
import { closed, line, nullable, rowId, tenantName, time, userName } from './common.ts'

const password = Type.String({
  minLength: 1,
  maxLength: maxPasswordLength * 4,
  description: 'a password; a new one has at least 12 characters',
})
const secret = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'what stands behind `#` in a one-time link' })
const code = line('six digits of the authenticator app, or a recovery code', 64)

export const signIn = closed({
  user: Type.String({
    minLength: 1,
    maxLength: 254,
    pattern: '^[^\\p{Cc}]*$',
    description: 'a name or an e-mail address',
  }),
  password,
  tenant: Type.Optional(nullable(tenantName)),
  code: Type.Optional(nullable(code)),
})

export const signInOptions = closed({
  oidc: nullable(closed({ label: Type.String() })),
  tenants: Type.Boolean({ description: 'there are several tenants: names may have to say which' }),
})

export const me = closed({
  id: rowId,
  tenant: tenantName,
  name: userName,
  email: nullable(Type.String()),
  kind: Type.Enum(['api', 'person']),
  roles: Type.Array(Type.String()),
  admin: Type.Array(Type.String(), { description: 'permissions of the admin API' }),
  permissions: Type.Array(Type.String(), { description: 'permissions that they can give' }),
  every_tenant: Type.Boolean(),
  session: nullable(
    closed({
      id: rowId,
      method: Type.Enum(['password', 'oidc', 'link']),
      second_factor: Type.Boolean(),
      expires_at: time,
    }),
  ),
  second_factor: Type.Enum(['none', 'totp']),
  recovery_codes: Type.Integer({ minimum: 0, description: 'codes that are left' }),
  has_password: Type.Boolean(),
})
export type Me = Static<typeof me>

export const passwordChange = closed({ current: password, new: password, code: Type.Optional(nullable(code)) })
export const proof = closed({ password, code: Type.Optional(nullable(code)) })

export const totpStart = closed({
  secret: Type.String({ description: 'for typing it' }),
  uri: Type.String({ description: 'for a picture: `otpauth://totp/…`' }),
})
export const totpConfirmation = closed({ code: Type.String({ pattern: '^[0-9]{6}$' }) })
export const recoveryCodes = closed({ codes: Type.Array(Type.String(), { description: 'shown this once' }) })

export const linkSecret = closed({ secret })
export const link = closed({
  purpose: Type.Enum(['setup', 'password']),
  user: nullable(userName),
  expires_at: time,
})
export const linkUse = closed({
  secret,
  user: Type.Optional(userName),
  password,
})

export const madeLink = closed({
  url: Type.String({ description: 'shown this once; what stands behind `#` never reaches a server log' }),
  expires_at: time,
})
