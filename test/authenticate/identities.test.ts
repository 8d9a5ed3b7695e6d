import { afterEach, describe, expect, it, vi } from 'vitest'
import { identityCache } from '../../src/authenticate/identities.ts'
import type { Identity } from '../../src/model/identity.ts'
import { settled, spring, stoppedClock, storeOf, summer, user } from './people.ts'

/** Short, so that the tests tell what happens at each age. */
const ages = { refreshAfterMs: 2000, believedMs: 5000 }

const bob = user('bob')

function worldOf(...users: readonly Identity[]) {
  const clock = stoppedClock()
  const store = storeOf(...users)
  return { clock, store, identities: identityCache(store.source, { clock, ages }) }
}

afterEach(() => vi.useRealTimers())

describe('identityCache', () => {
  it('knows nobody before the store was asked, and the store’s own object after', async () => {
    const { identities, store } = worldOf(bob)

    expect(identities.peek(spring, 'bob')).toBeUndefined()
    expect(await identities.lookUp(spring, 'bob')).toBe(bob)
    expect(identities.peek(spring, 'bob')).toBe(bob)
    expect(identities.fresh(spring, 'bob')).toBe(bob)
    expect(store.asked).toEqual(['spring/bob'])
  })

  it('asks once for all who ask at the same time', async () => {
    const { identities, store } = worldOf(bob)
    store.become('holds')
    const answers = [1, 2, 3].map(() => identities.lookUp(spring, 'bob'))
    await settled()
    store.release()

    expect(await Promise.all(answers)).toEqual([bob, bob, bob])
    expect(store.asked).toEqual(['spring/bob'])
  })

  it('remembers for a second that a name is unknown', async () => {
    const { identities, store, clock } = worldOf()
    await identities.lookUp(spring, 'eve')
    clock.pass(999)
    expect(identities.fresh(spring, 'eve')).toBe('unknown')
    expect(await identities.lookUp(spring, 'eve')).toBe('unknown')
    expect(store.asked).toHaveLength(1)

    clock.pass(2)
    expect(identities.fresh(spring, 'eve')).toBeUndefined()
    await identities.lookUp(spring, 'eve')
    expect(store.asked).toHaveLength(2)
    expect(identities.peek(spring, 'eve')).toBeUndefined()
  })

  it('does not let a flood of unknown names push a known user out', async () => {
    const { identities } = worldOf(bob)
    await identities.lookUp(spring, 'bob')
    for (let i = 0; i < 10_500; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, k) => identities.lookUp(spring, `eve${i + k}`)))
    }

    expect(identities.peek(spring, 'bob')).toBe(bob)
    // The answers of the last second are bounded: the first of them is forgotten.
    expect(identities.fresh(spring, 'eve0')).toBeUndefined()
    expect(identities.fresh(spring, 'eve10499')).toBe('unknown')
  })

  it('keeps users of different tenants apart', async () => {
    const other = user('bob', { tenant: summer })
    const { identities } = worldOf(bob, other)
    await identities.lookUp(spring, 'bob')

    expect(identities.peek(summer, 'bob')).toBeUndefined()
    expect(await identities.lookUp(summer, 'bob')).toBe(other)
    expect(identities.peek(spring, 'bob')).toBe(bob)
  })

  it('takes an identity of another name or tenant for nobody, as a store that folds case would give it', async () => {
    const { identities, store } = worldOf(bob)
    vi.spyOn(store.source, 'find').mockResolvedValue(bob)

    expect(await identities.lookUp(spring, 'BOB')).toBe('unknown')
    expect(await identities.lookUp(summer, 'bob')).toBe('unknown')
  })

  it('asks anew behind the back of the request after two seconds', async () => {
    const { identities, store, clock } = worldOf(bob)
    await identities.lookUp(spring, 'bob')
    clock.pass(1999)
    identities.peek(spring, 'bob')
    expect(store.asked).toHaveLength(1)

    const newer = user('bob')
    store.put(newer)
    clock.pass(1)
    expect(identities.peek(spring, 'bob')).toBe(bob)
    expect(identities.peek(spring, 'bob')).toBe(bob)
    await settled()
    expect(store.asked).toHaveLength(2)
    expect(identities.peek(spring, 'bob')).toBe(newer)
  })

  it('forgets a user whom the store no longer knows when it asks anew', async () => {
    const { identities, store, clock } = worldOf(bob)
    await identities.lookUp(spring, 'bob')
    store.remove(bob)
    clock.pass(2000)
    identities.peek(spring, 'bob')
    await settled()

    expect(identities.peek(spring, 'bob')).toBeUndefined()
    expect(identities.remembered(spring, 'bob')).toBeUndefined()
  })

  it('does not believe after five seconds what nobody asked about: a lost notice of change costs no more than that', async () => {
    const { identities, clock } = worldOf(bob)
    await identities.lookUp(spring, 'bob')
    clock.pass(5000)

    expect(identities.peek(spring, 'bob')).toBeUndefined()
    expect(identities.remembered(spring, 'bob')).toBe(bob)
  })

  describe('a change', () => {
    it('is forgotten at once', async () => {
      const { identities, store } = worldOf(bob)
      await identities.lookUp(spring, 'bob')
      store.tell({ tenant: spring, name: 'bob' })

      expect(identities.peek(spring, 'bob')).toBeUndefined()
      expect(identities.remembered(spring, 'bob')).toBeUndefined()
      expect(identities.fresh(spring, 'bob')).toBeUndefined()
    })

    it('of one user leaves the others', async () => {
      const ann = user('ann')
      const { identities, store } = worldOf(bob, ann)
      await identities.lookUp(spring, 'bob')
      await identities.lookUp(spring, 'ann')
      store.tell({ tenant: spring, name: 'bob' })

      expect(identities.peek(spring, 'ann')).toBe(ann)
    })

    it('of nobody in particular forgets everybody', async () => {
      const { identities, store } = worldOf(bob)
      await identities.lookUp(spring, 'bob')
      await identities.lookUp(spring, 'eve')
      store.tell(undefined)

      expect(identities.remembered(spring, 'bob')).toBeUndefined()
      expect(identities.fresh(spring, 'eve')).toBeUndefined()
    })

    it.each([
      ['of that user', { tenant: spring, name: 'bob' }],
      ['of anybody', undefined],
    ])(
      '%s while a question is on its way drops the old answer, and asks again for who waits',
      async (_whose, changed) => {
        const { identities, store } = worldOf(bob)
        store.become('holds')
        const answer = identities.lookUp(spring, 'bob')
        await settled()
        const revoked = user('bob', { tokens: [] })
        store.put(revoked)
        store.tell(changed)
        store.release()

        expect(await answer).toBe(revoked)
        await settled()
        expect(identities.peek(spring, 'bob')).toBe(revoked)
        expect(identities.fresh(spring, 'bob')).toBe(revoked)
        expect(store.asked).toHaveLength(2)
      },
    )

    it('while nobody waits for the question does not put the old answer back either', async () => {
      const { identities, store, clock } = worldOf(bob)
      await identities.lookUp(spring, 'bob')
      clock.pass(2000)
      store.become('holds')
      identities.peek(spring, 'bob') // asks behind the back of the request
      await settled()
      store.put(user('bob', { tokens: [] }))
      store.tell({ tenant: spring, name: 'bob' })
      store.become('away') // so that asking again finds nothing either
      await settled()
      store.release()
      await settled()

      expect(identities.remembered(spring, 'bob')).not.toBe(bob)
      expect(identities.fresh(spring, 'bob')).not.toBe(bob)
    })

    it('is not heard any more after close', async () => {
      const { identities, store } = worldOf(bob)
      expect(store.listeners.size).toBe(1)
      identities.close()

      expect(store.listeners.size).toBe(0)
    })
  })

  describe('while the store is away', () => {
    it('rejects for who is not cached, keeps the cause, and says when to come again', async () => {
      const { identities, store } = worldOf(bob)
      store.become('away')

      await expect(identities.lookUp(spring, 'bob')).rejects.toMatchObject({
        code: 'store-unavailable',
        status: 503,
        options: { retryAfterSeconds: 1, cause: new Error('the store is away') },
      })
    })

    it('asks again at the next look-up, and is back by itself', async () => {
      const { identities, store } = worldOf(bob)
      store.become('away')
      await expect(identities.lookUp(spring, 'bob')).rejects.toThrow()
      store.become('answers')

      expect(await identities.lookUp(spring, 'bob')).toBe(bob)
    })

    it('serves what is cached beyond its age, asking once a second, until the store is back', async () => {
      const { identities, store, clock } = worldOf(bob)
      await identities.lookUp(spring, 'bob')
      store.become('away')
      clock.pass(4000)
      expect(identities.peek(spring, 'bob')).toBe(bob)
      await settled()
      for (let second = 0; second < 60; second++) {
        clock.pass(500)
        expect(identities.peek(spring, 'bob')).toBe(bob)
        await settled()
      }
      // 1 at first, 1 that found the store away, and 1 a second in 30 s.
      expect(store.asked.length).toBe(32)

      const newer = user('bob')
      store.put(newer)
      store.become('answers')
      clock.pass(1000)
      expect(identities.peek(spring, 'bob')).toBe(bob)
      await settled()
      expect(identities.peek(spring, 'bob')).toBe(newer)
    })

    it('still forgets what changes', async () => {
      const { identities, store, clock } = worldOf(bob)
      await identities.lookUp(spring, 'bob')
      store.become('away')
      clock.pass(2000)
      identities.peek(spring, 'bob')
      await settled()
      store.tell({ tenant: spring, name: 'bob' })

      expect(identities.peek(spring, 'bob')).toBeUndefined()
      expect(identities.remembered(spring, 'bob')).toBeUndefined()
    })

    it('takes a store that does not answer within two seconds for away', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const { identities, store } = worldOf(bob)
      store.become('holds')
      const answer = identities.lookUp(spring, 'bob').catch((error: unknown) => error)
      await settled()
      vi.advanceTimersByTime(1999)
      await settled()
      expect(vi.getTimerCount()).toBe(1)
      vi.advanceTimersByTime(1)

      expect(await answer).toMatchObject({ code: 'store-unavailable' })
      expect(vi.getTimerCount()).toBe(0)
      store.release()
    })

    it('leaves no timer behind when the store answers', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const { identities } = worldOf(bob)
      await identities.lookUp(spring, 'bob')

      expect(vi.getTimerCount()).toBe(0)
    })
  })
})
