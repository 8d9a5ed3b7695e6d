/** What every `CredentialSource` does, whatever it is made of. Run by each implementation's own test. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Identity } from '../../src/model/identity.ts'
import { parseTenantName, type TenantName, type TokenId } from '../../src/model/ids.ts'
import type { CredentialSource } from '../../src/model/ports.ts'

export interface PlantedUser {
  readonly tenant: TenantName
  readonly name: string
  readonly kind: Identity['kind']
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
  /** A token to hold, if any. */
  readonly sha256?: Buffer
}

/** One source with a second hand on the same data: what another process would be. */
export interface CredentialWorld {
  readonly source: CredentialSource
  /** Changes through the source's own process. */
  readonly here: CredentialHand
  /** Changes through another process. */
  readonly elsewhere: CredentialHand
  /** Makes the data unreadable; the returned function makes it readable again. */
  takeAway(): Promise<() => Promise<void>>
  /** What was written down about the last use of a token, after everything pending was written. */
  lastUsedAt(token: TokenId): Promise<number | undefined>
  close(): Promise<void>
}

export interface CredentialHand {
  plant(user: PlantedUser): Promise<void>
  disable(tenant: TenantName, name: string): Promise<void>
  remove(tenant: TenantName, name: string): Promise<void>
}

const tenant = (name: string): TenantName => {
  const parsed = parseTenantName(name)
  if (parsed === undefined) throw new Error(`not a tenant name: ${name}`)
  return parsed
}
const north = tenant('north')
const south = tenant('south')
const hash = (fill: number): Buffer => Buffer.alloc(32, fill)
const ann: PlantedUser = { tenant: north, name: 'ann', kind: 'api', roles: ['reader', 'editor'], listRoles: ['spring'] }

export function credentialSourceContract(name: string, makeWorld: () => Promise<CredentialWorld>): void {
  describe(`${name} as a credential source`, () => {
    let world: CredentialWorld
    beforeEach(async () => {
      world = await makeWorld()
    })
    afterEach(() => world.close())

    const heardNames = (): string[] => {
      const names: string[] = []
      world.source.onChange((changed) => names.push(changed === undefined ? '*' : `${changed.tenant}/${changed.name}`))
      return names
    }

    it('finds a user with roles in order and tokens, frozen', async () => {
      await world.here.plant({ ...ann, sha256: hash(7) })

      const found = await world.source.find(north, 'ann')

      expect(found).toEqual({
        tenant: 'north',
        id: expect.any(Number),
        name: 'ann',
        kind: 'api',
        status: 'enabled',
        roles: ['editor', 'reader'],
        listRoles: ['spring'],
        listGrants: [],
        createdAt: expect.any(Number),
        updatedAt: expect.any(Number),
        tokens: [
          {
            id: expect.any(Number),
            sha256: hash(7),
            label: '',
            createdAt: expect.any(Number),
            notBefore: undefined,
            expiresAt: undefined,
            revokedAt: undefined,
          },
        ],
      })
      expect(Buffer.isBuffer(found?.tokens[0]?.sha256)).toBe(true)
      expect(Object.isFrozen(found)).toBe(true)
    })

    it('knows nobody who was not made, in another tenant, or under a name that differs in case', async () => {
      await world.here.plant(ann)

      expect(await world.source.find(north, 'bob')).toBe(undefined)
      expect(await world.source.find(south, 'ann')).toBe(undefined)
      expect(await world.source.find(north, 'Ann')).toBe(undefined)
      expect(await world.source.find(north, `ann' or '1'='1`)).toBe(undefined)
    })

    it('keeps users of the same name in two tenants apart', async () => {
      await world.here.plant({ ...ann, roles: ['reader'] })
      await world.here.plant({ ...ann, tenant: south, roles: ['admin'] })

      expect((await world.source.find(north, 'ann'))?.roles).toEqual(['reader'])
      expect((await world.source.find(south, 'ann'))?.roles).toEqual(['admin'])
    })

    it('tells a change of its own process before the change is done', async () => {
      const heard = heardNames()

      await world.here.plant(ann)
      expect(heard).toEqual(['north/ann'])
      await world.here.disable(north, 'ann')
      expect(heard).toEqual(['north/ann', 'north/ann'])
    })

    it('has the new state to find when it tells of a change', async () => {
      await world.here.plant(ann)
      const seen: Promise<Identity | undefined>[] = []
      world.source.onChange(() => seen.push(world.source.find(north, 'ann')))

      await world.here.disable(north, 'ann')

      expect((await Promise.all(seen)).map((identity) => identity?.status)).toEqual(['disabled'])
    })

    it('tells changes that another process made, and sees them', async () => {
      const heard = heardNames()

      await world.elsewhere.plant(ann)
      await vi.waitFor(() => expect(heard).toContain('north/ann'))
      expect((await world.source.find(north, 'ann'))?.status).toBe('enabled')

      await world.elsewhere.remove(north, 'ann')
      await vi.waitFor(() => expect(heard).toHaveLength(2))
      expect(await world.source.find(north, 'ann')).toBe(undefined)
    })

    it('tells every change, in order, when both processes make them by turns', async () => {
      const heard = heardNames()
      for (const name of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6']) {
        const hand = Number(name.slice(1)) % 2 === 0 ? world.here : world.elsewhere
        await hand.plant({ ...ann, name })
      }

      await vi.waitFor(() =>
        expect(new Set(heard)).toEqual(new Set(['u1', 'u2', 'u3', 'u4', 'u5', 'u6'].map((name) => `north/${name}`))),
      )
    })

    it('stops telling a listener that asked for it, and only that one', async () => {
      const stopped: unknown[] = []
      const stop = world.source.onChange((changed) => stopped.push(changed))
      const heard = heardNames()
      stop()

      await world.here.plant(ann)

      expect(stopped).toEqual([])
      expect(heard).toEqual(['north/ann'])
    })

    it('rejects while it cannot read, and finds again afterwards', async () => {
      await world.here.plant(ann)
      const giveBack = await world.takeAway()

      await vi.waitFor(() => expect(world.source.find(north, 'ann')).rejects.toThrow())
      await expect(world.source.find(north, 'nobody')).rejects.toThrow()

      await giveBack()
      await vi.waitFor(async () => expect((await world.source.find(north, 'ann'))?.name).toBe('ann'))
    })

    it('tells what another process changed while it could not read', async () => {
      await world.here.plant(ann)
      const heard = heardNames()
      const giveBack = await world.takeAway()
      await vi.waitFor(() => expect(world.source.find(north, 'ann')).rejects.toThrow())

      await world.elsewhere.disable(north, 'ann')
      await giveBack()

      await vi.waitFor(() => expect(heard.some((name) => name === 'north/ann' || name === '*')).toBe(true))
      await vi.waitFor(async () => expect((await world.source.find(north, 'ann'))?.status).toBe('disabled'))
    })

    it('notes the latest use of a token', async () => {
      await world.here.plant({ ...ann, sha256: hash(1) })
      const token = (await world.source.find(north, 'ann'))?.tokens[0]?.id
      if (token === undefined) throw new Error('no token')

      world.source.touch(token, 5000)
      world.source.touch(token, 7000)
      world.source.touch(token, 6000)

      expect(await world.lastUsedAt(token)).toBe(7000)
    })

    it('takes a use of a token that is not there, or while it cannot write, without a word', async () => {
      await world.here.plant(ann)
      const giveBack = await world.takeAway()

      expect(() => world.source.touch(4711 as TokenId, 1)).not.toThrow()

      await giveBack()
    })
  })
}
