/** Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 s, as every authenticator app has them), and codes for who lost theirs. */
import { createHash } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'

const periodSeconds = 30
const digits = 6
/** 160 bits (RFC 4226 §4, R6). */
const secretBytes = 20
const recoveryCodeCount = 10

/** A new secret in base32. `random` gives `n` bytes from a cryptographic source. */
export const newTotpSecret = (random: (n: number) => Buffer): string =>
  new Secret({ buffer: new Uint8Array(random(secretBytes)).buffer }).base32

const totpOf = (secret: string, account = '') =>
  new TOTP({
    issuer: 'Sallyport',
    label: account,
    algorithm: 'SHA1',
    digits,
    period: periodSeconds,
    secret: Secret.fromBase32(secret),
  })

/** What an authenticator app reads from a picture: `otpauth://totp/…`. */
export const totpUri = (secret: string, account: string): string => totpOf(secret, account).toString()

/** The time step of a right code, one step early or late allowed; `undefined` for a wrong one. */
export function totpStep(secret: string, code: string, nowMs: number): number | undefined {
  if (!/^[0-9]{6}$/.test(code)) return undefined
  const delta = totpOf(secret).validate({ token: code, timestamp: nowMs, window: 1 })
  return delta === null ? undefined : Math.floor(nowMs / 1000 / periodSeconds) + delta
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const groups = 5
const groupLength = 5

/** 125 bits each, in Crockford's letters: `7K2QW-…`; enough that a plain hash keeps them (ASVS 5.0, 6.5.2). */
export function newRecoveryCodes(random: (n: number) => Buffer): readonly string[] {
  return Array.from({ length: recoveryCodeCount }, () => {
    const letters = [...random(groups * groupLength)].map((byte) => alphabet.charAt(byte & 31)).join('')
    return (letters.match(/.{5}/g) ?? []).join('-')
  })
}

/** The SHA-256 of a recovery code however it is typed; `undefined` for what is none. */
export function recoveryCodeSha256(typed: string): Buffer | undefined {
  const plain = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (!/^[0-9A-HJKMNP-TV-Z]{25}$/.test(plain)) return undefined
  return createHash('sha256').update(plain).digest()
}
