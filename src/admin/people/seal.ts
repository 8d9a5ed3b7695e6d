/** Seals what must be read again and must not be read in the store: AES-256-GCM under the key file. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'

export interface Seal {
  /** `context` names what is sealed: a sealed text moved elsewhere does not open. */
  seal(plain: string, context: string): string
  /** `undefined` where it was not sealed with this key, for this context. */
  open(sealed: string, context: string): string | undefined
}

const keyBytes = 32
const ivBytes = 12
const tagBytes = 16
const prefix = 'v1.'

export function sealWith(key: Buffer): Seal {
  const derived = Buffer.from(hkdfSync('sha256', key, '', 'sallyport seal 1', keyBytes))
  return {
    seal(plain, context) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', derived, iv).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return prefix + sealed.toString('base64url')
    },
    open(sealed, context) {
      if (!sealed.startsWith(prefix)) return undefined
      const bytes = Buffer.from(sealed.slice(prefix.length), 'base64url')
      if (bytes.length < ivBytes + tagBytes) return undefined
      const decipher = createDecipheriv('aes-256-gcm', derived, bytes.subarray(0, ivBytes))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(-tagBytes))
      try {
        const plain = Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()])
        return plain.toString('utf8')
      } catch {
        return undefined
      }
    },
  }
}

/** The 32 bytes in the file at `path`; made there, for its owner alone, where there is none. Throws with the path in words. */
export async function readOrMakeKey(path: string): Promise<Buffer> {
  try {
    await using made = await open(path, 'wx', 0o600)
    const key = randomBytes(keyBytes)
    await made.write(`${key.toString('hex')}\n`)
    await made.sync()
    return key
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'EEXIST') throw new Error(`the key file ${path} cannot be made (${String(code)})`, { cause: error })
  }
  await using found = await open(path).catch((error: unknown) => {
    throw new Error(`the key file ${path} cannot be read`, { cause: error })
  })
  const text = (await found.readFile('utf8')).trim()
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`the key file ${path} does not hold 64 hexadecimal digits`)
  return Buffer.from(text, 'hex')
}
