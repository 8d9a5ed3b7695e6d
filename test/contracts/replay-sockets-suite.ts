/** What must hold of recorded requests that are replayed over sockets, reads and writes alike. */
import { beforeAll, describe, expect, it } from 'vitest'
import { named, replayAll, summary, table, those, unusedRows, type Pair } from './replay-sockets-run.ts'

/** Asks `kind` of every recorded user, on so many connections at once. */
export function recordedRequests(kind: 'reads' | 'writes', lanes: number): void {
  let pairs: readonly Pair[] = []

  beforeAll(async () => {
    pairs = await replayAll(({ write }) => write === (kind === 'writes'), lanes)
  }, 300_000)

  describe(`recorded ${kind}, replayed over sockets under partial: narrow`, () => {
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
      const all = `${kind} over sockets: ${summary(pairs)}\n`
      process.stdout.write(process.env['REPLAY_TABLE'] === undefined ? all : table(pairs) + all)
    })
  })
}
