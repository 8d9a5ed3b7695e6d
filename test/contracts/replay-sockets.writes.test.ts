/**
 * Every recorded write, asked by every recorded user of a whole gateway: nowhere looser than listmonk, and stricter for a reason.
 * REPLAY_TABLE=1 prints the figures by route. REPLAY_BACKEND, REPLAY_RESET and REPLAY_DUMP put a real listmonk behind the gateway
 * in the place of the demo backend: replay-sockets.ts says how.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { named, replayAll, summary, table, those, unusedRows, type Pair } from './replay-sockets-run.ts'

let pairs: readonly Pair[] = []

beforeAll(async () => {
  pairs = await replayAll(({ write }) => write, 1)
}, 300_000)

describe('recorded writes, replayed over sockets under partial: narrow', () => {
  it('are nowhere looser than with listmonk itself', () => {
    expect(those(pairs, 'looser').map(named)).toEqual([])
  })

  it('have a reason wherever they are stricter', () => {
    const unexplained = those(pairs, 'stricter').filter(({ excuse }) => excuse === undefined)

    expect(unexplained.map(named)).toEqual([])
  })

  it('leave no reason unused', () => {
    expect(unusedRows(pairs)).toEqual([])
  })

  it('refuse who is disabled', () => {
    const disabled = pairs.filter(
      ({ user, recording }) => user === 'disabled_user' && recording.route.includes('/api/'),
    )

    expect(disabled.filter(({ seen }) => seen.answer.status !== null && seen.answer.status < 400).map(named)).toEqual(
      [],
    )
    expect(disabled.length).toBeGreaterThan(200)
  })

  it('are counted', () => {
    expect(pairs.length).toBeGreaterThan(5_000)
    const all = `writes over sockets: ${summary(pairs)}\n`
    process.stdout.write(process.env['REPLAY_TABLE'] === undefined ? all : table(pairs) + all)
  })
})
