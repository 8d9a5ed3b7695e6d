import { describe, expect, it } from 'vitest'
import { authenticator, type Asked, type Authenticate, type Outcome } from '../../src/authenticate/authenticator.ts'
import { identityCache } from '../../src/authenticate/identities.ts'
import { lookUpBudget } from '../../src/authenticate/look-up-budget.ts'
import { credentialMemo } from '../../src/authenticate/memo.ts'
import type { Identity } from '../../src/model/identity.ts'
import { tokenIdFrom } from '../../src/model/ids.ts'
import { basic, settled, spring, stoppedClock, storeOf, summer, token, user } from './people.ts'

/** Short, so that the tests tell what happens at each age. */
const ages = { refreshAfterMs: 2000, believedMs: 5000 }

const bob = user('bob')
const rule = { bearer: false, apiKey: false }
const asking = (authorization: string | undefined, changes: Partial<Asked> = {}): Asked => ({
  tenant: spring,
  rule,
  authorization,
  apiKey: undefined,
  address: '192.0.2.1',
  ...changes,
})
const right = asking(basic('bob', 'bob-secret'))
const wrong = asking(basic('bob', 'a guess'))
const unknown = asking(basic('eve', 'a guess'))
const principal = { identity: bob, token: bob.tokens[0], method: 'basic' }
const authenticated = { kind: 'authenticated', principal }
const refusedFor = (claimedName: string | undefined, because: string) => ({ kind: 'refused', claimedName, because })

function worldOf(...users: readonly Identity[]) {
  const clock = stoppedClock()
  const store = storeOf(...users)
  const limited = new Set<string>()
  const noted: string[] = []
  const authenticate = authenticator({
    identities: identityCache(store.source, { clock, ages }),
    memo: credentialMemo(),
    failures: {
      isLimited: (address) => (limited.has(address) ? { retryAfterSeconds: 7 } : undefined),
      note: (address) => noted.push(address),
    },
    budget: lookUpBudget(clock),
    clock,
    touch: (id, epochMs) => store.source.touch(id, epochMs),
  })
  return { authenticate, clock, store, limited, noted }
}

/** Asks all of it before any answer is in. */
const atOnce = (authenticate: Authenticate, all: readonly Asked[]): Promise<Outcome[]> =>
  Promise.all(all.map(async (asked) => authenticate(asked)))

describe('authenticator', () => {
  it('asks the store once about a right credential, and then answers at once', async () => {
    const { authenticate, store, noted } = worldOf(bob)

    expect(await authenticate(right)).toEqual(authenticated)
    expect(authenticate(right)).toEqual(authenticated)
    expect(authenticate(asking('token bob:bob-secret'))).toEqual({
      kind: 'authenticated',
      principal: { ...principal, method: 'token' },
    })
    expect(store.asked).toEqual(['spring/bob'])
    expect(noted).toEqual([])
  })

  it('gives the very same principal for the same value, so that nothing is made anew', async () => {
    const { authenticate } = worldOf(bob)
    const first = await authenticate(right)
    const second = authenticate(right)

    expect(first.kind === 'authenticated' && first.principal).toBe(
      !(second instanceof Promise) && second.kind === 'authenticated' && second.principal,
    )
  })

  it('takes nothing for anonymous, without asking the store', () => {
    const { authenticate, store } = worldOf(bob)

    expect(authenticate(asking(undefined))).toEqual({ kind: 'anonymous' })
    expect(authenticate(asking(''))).toEqual({ kind: 'anonymous' })
    expect(store.asked).toEqual([])
  })

  it('refuses, with the reason for the log, and notes each failure with its address', async () => {
    const disabled = user('dan', { status: 'disabled' })
    const person = user('pat', { kind: 'person' })
    const { authenticate, noted } = worldOf(bob, disabled, person)

    expect(await authenticate(wrong)).toEqual(refusedFor('bob', 'wrong-token'))
    expect(await authenticate(unknown)).toEqual(refusedFor('eve', 'unknown-user'))
    expect(await authenticate(asking(basic('dan', 'dan-secret')))).toEqual(refusedFor('dan', 'disabled'))
    expect(await authenticate(asking(basic('pat', 'pat-secret')))).toEqual(refusedFor('pat', 'not-an-api-user'))
    expect(authenticate(asking('Digest x'))).toEqual(refusedFor(undefined, 'malformed'))
    expect(noted).toHaveLength(5)
  })

  it('does not let a user of one tenant in at another', async () => {
    const { authenticate } = worldOf(bob)
    await authenticate(right)

    expect(await authenticate({ ...right, tenant: summer })).toEqual(refusedFor('bob', 'unknown-user'))
  })

  it('asks the store about a known name and an unknown one alike: once a second', async () => {
    const { authenticate, store, clock } = worldOf(bob)
    await authenticate(right)
    clock.pass(1001)
    store.asked.length = 0
    await atOnce(authenticate, [wrong, unknown])

    expect([authenticate(wrong), authenticate(unknown)]).toEqual([
      refusedFor('bob', 'wrong-token'),
      refusedFor('eve', 'unknown-user'),
    ])
    expect(store.asked).toEqual(['spring/bob', 'spring/eve'])
  })

  it('lets a token in that was made elsewhere since the user was read', async () => {
    const { authenticate, store, clock } = worldOf(bob)
    await authenticate(right)
    const fresh = token('new-secret', { id: tokenIdFrom(2) })
    const newer = user('bob', { tokens: [...bob.tokens, fresh] })
    store.put(newer)
    clock.pass(1001)

    expect(await authenticate(asking(basic('bob', 'new-secret')))).toEqual({
      kind: 'authenticated',
      principal: { identity: newer, token: fresh, method: 'basic' },
    })
  })

  it('stops believing what it remembers the moment a change is told', async () => {
    const { authenticate, store } = worldOf(bob)
    await authenticate(right)
    store.put(user('bob', { tokens: [token('bob-secret', { revokedAt: 1 })] }))
    store.tell({ tenant: spring, name: 'bob' })

    expect(await authenticate(right)).toEqual(refusedFor('bob', 'revoked'))
  })

  it('refuses a remembered token from the millisecond it expires', async () => {
    const { clock } = worldOf()
    const expiresAt = clock.epochMs() + 100
    const world = worldOf(user('bob', { tokens: [token('bob-secret', { expiresAt })] }))
    await world.authenticate(right)
    world.clock.pass(99)
    expect(world.authenticate(right)).toMatchObject({ kind: 'authenticated' })
    world.clock.pass(1)

    expect(await world.authenticate(right)).toEqual(refusedFor('bob', 'expired'))
  })

  it('does not remember a scheme that was switched off since', async () => {
    const { authenticate } = worldOf(bob)
    const bearer = asking('Bearer bob:bob-secret', { rule: { bearer: true, apiKey: false } })
    expect(await authenticate(bearer)).toMatchObject({ kind: 'authenticated' })

    expect(authenticate({ ...bearer, rule })).toEqual(refusedFor(undefined, 'malformed'))
  })

  it('finds two credentials malformed, also when one of them is remembered', async () => {
    const { authenticate } = worldOf(bob)
    const both = { bearer: false, apiKey: true }
    await authenticate({ ...right, rule: both })

    expect(authenticate({ ...right, rule: both, apiKey: 'bob:bob-secret' })).toEqual(refusedFor(undefined, 'malformed'))
  })

  it('takes X-API-Key where it is switched on', async () => {
    const { authenticate } = worldOf(bob)
    const byKey = asking(undefined, { rule: { bearer: false, apiKey: true }, apiKey: 'bob:bob-secret' })

    expect(await authenticate(byKey)).toEqual({ kind: 'authenticated', principal: { ...principal, method: 'api-key' } })
  })

  it('does not remember an empty Authorization that came with a good X-API-Key', async () => {
    const { authenticate } = worldOf(bob)
    const empty = asking('', { rule: { bearer: false, apiKey: true } })
    expect(await authenticate({ ...empty, apiKey: 'bob:bob-secret' })).toMatchObject({ kind: 'authenticated' })

    expect(authenticate(empty)).toEqual({ kind: 'anonymous' })
  })

  it('tells of every use of a token', async () => {
    const { authenticate, store, clock } = worldOf(bob)
    const at = clock.epochMs()
    await authenticate(right)
    clock.pass(5)
    await authenticate(right)
    await authenticate(wrong)

    expect(store.touched).toEqual([
      [1, at],
      [1, at + 5],
    ])
  })

  describe('at an address that failed too often', () => {
    it('still lets a credential in that the cache proves right', async () => {
      const { authenticate, limited } = worldOf(bob)
      await authenticate(right)
      limited.add('192.0.2.1')

      expect(authenticate(right)).toEqual(authenticated)
      expect(authenticate(asking('TOKEN bob:bob-secret'))).toMatchObject({ kind: 'authenticated' })
    })

    it('answers a wrong one, a malformed one and an unknown one with the time to wait', async () => {
      const { authenticate, limited, noted } = worldOf(bob)
      limited.add('192.0.2.1')
      const limitedAs = (claimedName: string | undefined) => ({ kind: 'limited', claimedName, retryAfterSeconds: 7 })

      expect(await authenticate(wrong)).toEqual(limitedAs('bob'))
      expect(await authenticate(unknown)).toEqual(limitedAs('eve'))
      expect(authenticate(asking('Digest x'))).toEqual(limitedAs(undefined))
      expect(noted).toHaveLength(3)
    })

    it('looks twenty names a second up for all such addresses, and no more', async () => {
      const { authenticate, limited, store, clock } = worldOf(bob)
      for (let i = 0; i < 50; i++) limited.add(`192.0.2.${i}`)
      await atOnce(
        authenticate,
        Array.from({ length: 50 }, (_, i) => asking(basic(`eve${i}`, 'x'), { address: `192.0.2.${i}` })),
      )
      expect(store.asked).toHaveLength(20)

      // The budget is used up for a right credential too, if nothing is known of it; a second later there is some left.
      expect(await authenticate(right)).toEqual({ kind: 'limited', claimedName: 'bob', retryAfterSeconds: 7 })
      clock.pass(1000)
      expect(await authenticate(right)).toEqual(authenticated)
    })

    it('looks a credential up beside that budget if it was right when last heard of', async () => {
      const { authenticate, limited, store, clock } = worldOf(bob)
      await authenticate(right)
      clock.pass(6000)
      limited.add('192.0.2.1')
      await atOnce(
        authenticate,
        Array.from({ length: 30 }, (_, i) => asking(basic(`eve${i}`, 'x'))),
      )
      store.asked.length = 0

      expect(await authenticate(right)).toEqual(authenticated)
      expect(store.asked).toEqual(['spring/bob'])
    })

    it('looks up as ever for other addresses', async () => {
      const { authenticate, limited } = worldOf(bob)
      limited.add('198.51.100.1')
      await atOnce(
        authenticate,
        Array.from({ length: 30 }, (_, i) => asking(basic(`eve${i}`, 'x'), { address: '198.51.100.1' })),
      )

      expect(await authenticate(right)).toEqual(authenticated)
    })
  })

  describe('while the store is away', () => {
    it('lets in who is cached, however long it takes', async () => {
      const { authenticate, store, clock } = worldOf(bob)
      await authenticate(right)
      store.become('away')
      for (let minute = 0; minute < 60; minute++) {
        clock.pass(60_000)
        expect(await authenticate(right)).toEqual(authenticated)
        await settled()
      }
    })

    it('answers everybody else that it cannot tell, and notes no failure', async () => {
      const { authenticate, store, clock, noted } = worldOf(bob)
      await authenticate(right)
      store.become('away')
      clock.pass(3000)

      for (const asked of [wrong, unknown]) {
        expect(await authenticate(asked)).toMatchObject({
          kind: 'unavailable',
          failure: { code: 'store-unavailable', status: 503 },
        })
      }
      expect(noted).toEqual([])
    })

    it('does not fall back on what a change forgot while the question was on its way', async () => {
      const { authenticate, store, clock } = worldOf(bob)
      await authenticate(right)
      clock.pass(6000)
      store.become('holds')
      const outcome = authenticate(right)
      await settled()
      store.become('away')
      store.tell({ tenant: spring, name: 'bob' })

      expect(await outcome).toMatchObject({ kind: 'unavailable', claimedName: 'bob' })
      store.release()
    })
  })
})
