import { describe, expect, it } from 'vitest'
import { gatewayActs } from '../../src/cli/audit-acts.ts'
import type { Act } from '../../src/store/store.ts'

describe('acts of a running gateway', () => {
  it('are written one at a time, in their order, and one that cannot be is warned of', async () => {
    const written: unknown[] = []
    const warned: unknown[] = []
    const recordAct = async ({ action, subject, details }: Act, by: unknown): Promise<void> => {
      // What is noted first takes longest.
      for (let turn = written.length === 0 ? 20 : 1; turn > 0; turn--) await Promise.resolve()
      if (action === 'gateway.reload') throw new Error('the disk is full')
      written.push([action, subject, details, by])
    }
    const acts = gatewayActs({ recordAct }, 'cli:eve', (facts, message) => warned.push([facts, message]))

    acts.note('gateway.start', { version: '1' })
    acts.note('gateway.reload', { tenants: ['north'] })
    acts.note('gateway.drain', { signal: 'SIGTERM' })
    expect(written).toEqual([])
    await acts.settled()

    expect(written).toEqual([
      ['gateway.start', 'gateway', { version: '1' }, 'cli:eve'],
      ['gateway.drain', 'gateway', { signal: 'SIGTERM' }, 'cli:eve'],
    ])
    expect(warned).toEqual([
      [
        { action: 'gateway.reload', details: { tenants: ['north'] }, cause: 'Error: the disk is full' },
        'this is not in the audit trail',
      ],
    ])
  })
})
