/** A Python of its own with the public clients of listmonk in it, or why there is none. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import path from 'node:path'

const run = promisify(execFile)

export type PythonEnvironment =
  | { readonly kind: 'ready'; readonly python: string }
  /** `what` is not there: Python itself, or the clients, which come from a package index that may be out of reach. */
  | { readonly kind: 'missing'; readonly what: 'python' | 'clients'; readonly why: string }

/** `listmonk-mcp` 0.1.0 takes any `mcp`, and needs a name that 2.0 dropped. */
const packages = ['listmonk==0.6.32', 'listmonk-mcp==0.1.0', 'mcp>=1.2,<2']
const names = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10']
const version = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'

/** Installs into `folder`, within two minutes. */
export async function pythonEnvironment(folder: string): Promise<PythonEnvironment> {
  const base = await firstOf(names)
  if (base === undefined) return { kind: 'missing', what: 'python', why: 'no Python from 3.10 on with venv' }
  try {
    await run(base, ['-m', 'venv', folder], { timeout: 60_000 })
    const python = path.join(folder, 'bin', 'python')
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-input',
      '--retries',
      '2',
      ...packages,
    ]
    await run(python, pip, { timeout: 120_000 })
    return { kind: 'ready', python }
  } catch (error) {
    return { kind: 'missing', what: 'clients', why: `the clients cannot be installed: ${lastLine(error)}` }
  }
}

async function firstOf(candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    try {
      await run(candidate, ['-c', version], { timeout: 10_000 })
      return candidate
    } catch {
      // Not there, too old, or without what is needed.
    }
  }
  return undefined
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string }
  return (stderr === undefined || stderr.trim() === '' ? message : stderr).trim().split('\n').at(-1) ?? ''
}
