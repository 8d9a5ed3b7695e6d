/**
 * API tokens: `spt_`, 30 base62 characters of randomness (178 bits), 6 base62 characters of a CRC-32.
 * The checksum lets secret scanners tell a token from a look-alike, and us refuse a mistyped one without asking the store.
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const prefix = 'spt_'
const randomLength = 30
const checksumLength = 6
const shape = /^spt_[0-9A-Za-z]{36}$/

/** A new token. `random` gives `n` bytes from a cryptographic source. */
export function newToken(random: (n: number) => Buffer): string {
  const body = prefix + randomCharacters(random)
  return body + checksum(body)
}

/** Whether `token` has the form of a token and its checksum fits; says nothing about whether it was ever issued. */
export function hasValidChecksum(token: string): boolean {
  if (!shape.test(token)) return false
  const body = token.slice(0, -checksumLength)
  return checksum(body) === token.slice(-checksumLength)
}

/** What is stored of a token: SHA-256 of its UTF-8 bytes. Enough, since a token has more entropy than can be guessed. */
export function tokenSha256(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest()
}

function randomCharacters(random: (n: number) => Buffer): string {
  let characters = ''
  while (characters.length < randomLength) {
    for (const byte of random(randomLength)) {
      // 248 is the largest multiple of 62 in a byte: what lies above would make the first characters likelier.
      if (byte < 248 && characters.length < randomLength) characters += alphabet.charAt(byte % alphabet.length)
    }
  }
  return characters
}

function checksum(body: string): string {
  let rest = crc32(body)
  let characters = ''
  for (let i = 0; i < checksumLength; i++) {
    characters = alphabet.charAt(rest % alphabet.length) + characters
    rest = Math.floor(rest / alphabet.length)
  }
  return characters
}
