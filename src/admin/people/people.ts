/** Everything that signing in is made of, put together. */
import type { TenantName } from '../../model/ids.ts'
import type { Clock } from '../../model/time.ts'
import type { Store } from '../../store/store.ts'
import { passwordHash, type HashCost, type PasswordHash } from './password-hash.ts'
import { sealWith, type Seal } from './seal.ts'
import { signIn, type SignIn } from './sign-in.ts'
import { deviceMarks, signInThrottle, type DeviceMarks } from './throttle.ts'

export interface People {
  readonly hash: PasswordHash
  readonly seal: Seal
  readonly devices: DeviceMarks
  readonly signIn: SignIn
  /** Whether there is a tenant of this name: people of another one cannot come in. */
  readonly isTenant: (name: TenantName) => boolean
}

export interface PeopleParts {
  readonly store: Store
  /** 32 bytes, see seal.ts. */
  readonly key: Buffer
  readonly clock: Clock
  readonly random: (n: number) => Buffer
  readonly isTenant: (name: TenantName) => boolean
  /** Today's by default. */
  readonly cost?: HashCost | undefined
}

export function createPeople({ store, key, clock, random, isTenant, cost }: PeopleParts): People {
  const hash = passwordHash(cost)
  const seal = sealWith(key)
  const devices = deviceMarks(key, random)
  const throttle = signInThrottle(clock)
  return { hash, seal, devices, isTenant, signIn: signIn({ store, hash, seal, throttle, devices, clock, isTenant }) }
}
