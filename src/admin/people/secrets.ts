/** Secrets that are shown once and stored as a hash: session cookies, one-time links, device marks. */
import { createHash } from 'node:crypto'

const secretBytes = 32

/** 256 bits in 43 URL-safe characters. */
export const newSecret = (random: (n: number) => Buffer): string => random(secretBytes).toString('base64url')

export const isSecret = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text)

export const secretSha256 = (secret: string): Buffer => createHash('sha256').update(secret, 'latin1').digest()
