import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { storeAt, temporaryFolder, tenantNamed } from './world.ts'

const writer = fileURLToPath(new URL('children/writer.ts', import.meta.url))

/** Starts a writer; `acknowledged` grows while it runs. */
function startWriter(
  file: string,
  prefix: string,
  count: number,
  onAcknowledged: (names: string[]) => void = () => {},
) {
  const child = spawn(process.execPath, [writer, file, prefix, String(count)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const acknowledged: string[] = []
  const errors: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    acknowledged.push(line)
    onAcknowledged(acknowledged)
  })
  child.stderr.on('data', (chunk) => errors.push(String(chunk)))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, errors: errors.join('') }))
  return { child, acknowledged, ended }
}

describe('a store that several processes write', () => {
  it('is made once when all of them open it first, and loses no write', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const writers = ['a', 'b', 'c'].map((prefix) => startWriter(file, prefix, 20))

    const ends = await Promise.all(writers.map(({ ended }) => ended))

    expect(ends).toEqual(Array.from({ length: 3 }, () => ({ code: 0, signal: null, errors: '' })))
    const store = await storeAt(file)
    const found = (await store.listUsers({ limit: 1000 })).map(({ name }) => name)
    expect(found.toSorted()).toEqual(writers.flatMap(({ acknowledged }) => acknowledged).toSorted())
    expect(found).toHaveLength(60)
    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole', count: 60 })
  })

  it('has one audit trail of all their changes, those of an import between them', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const store = await storeAt(file)
    const writers = ['a', 'b'].map((prefix) => startWriter(file, prefix, 25))
    const many = (prefix: string) =>
      Array.from({ length: 700 }, (_, i) => {
        const user = {
          tenant: tenantNamed('north'),
          name: `${prefix}${i}`,
          kind: 'api',
          roles: [],
          listRoles: [],
        } as const
        return { ...user, tokens: [] }
      })
    // Imports are written while the others are at work: they begin when a writer has shown that it is.
    const first = once(writers[0]?.child.stdout ?? process.stdin, 'data')
    await first
    await store.importUsers(many('x'), 'me')
    await store.importUsers(many('y'), 'me')

    const ends = await Promise.all(writers.map(({ ended }) => ended))

    expect(ends).toEqual(Array.from({ length: 2 }, () => ({ code: 0, signal: null, errors: '' })))
    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole', count: 1450 })
    const actors = (await store.listAudit({ limit: 2000 })).map(({ actor }) => actor)
    expect(actors.filter((actor) => actor === 'writer')).toHaveLength(50)
    // No import is torn apart by what others wrote.
    expect(actors.join(' ')).toContain(Array.from({ length: 700 }, () => 'me').join(' '))
  })

  it('has every acknowledged row after a process was killed in the middle of its writes', async () => {
    const file = join(await temporaryFolder(), 'store.db')
    const kill = (names: string[]): void => {
      if (names.length === 50) child.kill('SIGKILL')
    }
    const { child, acknowledged, ended } = startWriter(file, 'u', 1_000_000, kill)

    expect(await ended).toEqual({ code: null, signal: 'SIGKILL', errors: '' })

    const store = await storeAt(file)
    const found = new Set((await store.listUsers({ limit: 1_000_000 })).map(({ name }) => name))
    expect(acknowledged.length).toBeGreaterThanOrEqual(50)
    expect(acknowledged.filter((name) => !found.has(name))).toEqual([])
    // One write at most was done and not yet acknowledged; each has its audit entry.
    expect(found.size - acknowledged.length).toBeLessThanOrEqual(1)
    expect(await store.verifyAudit()).toMatchObject({ kind: 'whole', count: found.size })
    await store.close()
    const shell = new DatabaseSync(file)
    expect(shell.prepare('pragma integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }])
    shell.close()
  })
})
