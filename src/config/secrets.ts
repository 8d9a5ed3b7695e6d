/** Reads what only its owner may read, and checks that files are there. Never puts what it read into a message. */
import { open, stat } from 'node:fs/promises'
import type { Report } from './report.ts'
import type { Path } from './tree.ts'
import type { Environment } from './variables.ts'

const maxTokenBytes = 4096
const othersMayRead = 0o004

/** Whether other users may read a file is told by its mode; Windows has none. */
export type Platform = NodeJS.Platform

/** The token in the file at `path`, one line; `undefined` with the mistake in `report`. */
export async function readTokenFile(
  path: string,
  where: Path,
  report: Report,
  platform: Platform,
): Promise<string | undefined> {
  try {
    await using handle = await open(path)
    const { mode, size } = await handle.stat()
    if (platform !== 'win32' && (mode & othersMayRead) !== 0) {
      report.add(
        where,
        'names a file that every user of this machine may read',
        'run `chmod 600` on it; a mounted secret takes `mode: 0440`',
      )
      return undefined
    }
    if (size > maxTokenBytes) {
      report.add(where, `names a file of ${size} bytes`, 'keep the token alone in it, on one line')
      return undefined
    }
    const token = (await handle.readFile('utf8')).replace(/\r?\n$/, '')
    if (/^[!-~]+$/.test(token)) return token
    report.add(
      where,
      token === '' ? 'names an empty file' : 'names a file that holds more than one word',
      'keep the token alone in it, on one line',
    )
  } catch (error) {
    refuseFile(error, where, report)
  }
  return undefined
}

/** The secret in an environment variable, one word; `undefined` with the mistake in `report`. */
export function readSecretVariable(name: string, where: Path, env: Environment, report: Report): string | undefined {
  const secret = env[name] ?? ''
  if (/^[!-~]{1,4096}$/.test(secret)) return secret
  report.add(
    where,
    `the environment variable \`${name}\` is ${secret === '' ? 'not set' : 'not one word'}`,
    'set it to the token',
  )
  return undefined
}

/** Notes a problem unless `path` is a file (or folder) that this user can see. */
export async function checkThere(path: string, kind: 'file' | 'folder', where: Path, report: Report): Promise<void> {
  try {
    const found = await stat(path)
    const isRight = kind === 'folder' ? found.isDirectory() : found.isFile()
    if (!isRight) report.add(where, `does not name a ${kind}`, `give the path of a ${kind}`)
  } catch (error) {
    refuseFile(error, where, report, kind)
  }
}

/** A private key is a file like a token: not for everybody. */
export async function checkPrivate(path: string, where: Path, report: Report, platform: Platform): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found !== undefined && platform !== 'win32' && (found.mode & othersMayRead) !== 0) {
    report.add(
      where,
      'names a file that every user of this machine may read',
      'run `chmod 600` on it; a mounted secret takes `mode: 0440`',
    )
  }
}

function refuseFile(error: unknown, where: Path, report: Report, kind = 'file'): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  report.add(
    where,
    `names a ${kind} that cannot be read (${code})`,
    'check the path, relative to the configuration file, and who may read it',
  )
}
