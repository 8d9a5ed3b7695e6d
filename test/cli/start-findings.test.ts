import { describe, expect, it } from 'vitest'
import { type Found, startFindings } from '../../src/cli/start-findings.ts'
import { listIdFrom } from '../../src/model/ids.ts'

const list = listIdFrom(3)
if (list === undefined) throw new Error('no list')
const nothing: Found = {
  examination: { walBytes: 0, trail: { count: 7, lastId: 7, hash: 'a' }, isHeadRight: true },
  mark: { at: 1_000_000 },
  retired: [{ tenant: 'default', list, at: 0, state: 'gone' }],
  nowMs: 1_000_000,
}

describe('startFindings', () => {
  it('says nothing of a store that was closed, and of one that is new', () => {
    expect(startFindings(nothing)).toEqual([])
    expect(startFindings({ examination: undefined, mark: undefined, retired: [], nowMs: 0 })).toEqual([])
  })

  it('says what was recovered, and that the end of the trail is wrong', () => {
    const examination = { walBytes: 8_272, trail: { count: 7, lastId: 7, hash: 'a' }, isHeadRight: false }
    const facts = { integrity: 'ok', audit_entries: 7, wal_bytes: 8_272 }

    expect(startFindings({ ...nothing, examination })).toEqual([
      { level: 'info', message: expect.stringContaining('all that was acknowledged is there') as unknown, facts },
      { level: 'warn', message: expect.stringContaining('run `sallyport audit verify`') as unknown, facts },
    ])
  })

  it('names the lists whose deletion has no known end', () => {
    const retired = [{ tenant: 'default', list, at: 0, state: 'unsure' } as const, ...nothing.retired]

    expect(startFindings({ ...nothing, retired })).toMatchObject([{ level: 'warn', facts: { lists: ['default/3'] } }])
  })

  it('says how far the clock is behind, from five seconds on', () => {
    expect(startFindings({ ...nothing, nowMs: 995_000 })).toEqual([])
    expect(startFindings({ ...nothing, nowMs: 994_999 })).toMatchObject([
      { level: 'warn', facts: { behind_seconds: 5 } },
    ])
  })
})
