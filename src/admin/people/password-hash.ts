/** Passwords as argon2id in PHC strings (RFC 9106; github.com/P-H-C/phc-string-format). */
import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto'
import { promisify } from 'node:util'
import { refused } from '../../model/failure.ts'

/** OWASP's parameters: 19 MiB, two passes, one lane. */
export interface HashCost {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

const currentCost: HashCost = { memoryKiB: 19_456, passes: 2, lanes: 1 }

export interface PasswordHash {
  /** A PHC string. Rejects with the Failure `overloaded` where too many wait already. */
  make(password: string): Promise<string>
  /** Whether the password is that of the PHC string; with `undefined`, which fits nothing, the same work. */
  fits(phc: string | undefined, password: string): Promise<boolean>
  /** Whether it was made with other parameters than today's. */
  isOutdated(phc: string): boolean
}

/** Hashes at work at once, and waiting: each takes a thread of the pool and its memory. */
const maxRunning = 2
const maxWaiting = 16
const saltBytes = 16
const hashBytes = 32
/** What a stored string may ask for at most: it must not be able to exhaust the machine. */
const maxMemoryKiB = 262_144
const maxPasses = 16

const derive = promisify(argon2)
const phcShape =
  /^\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

export function passwordHash(cost: HashCost = currentCost): PasswordHash {
  const queued = gate()
  return {
    make: async (password) => {
      const salt = randomBytes(saltBytes)
      const hash = await queued(() => derive('argon2id', parametersOf(password, salt, cost, hashBytes)))
      return `$argon2id$v=19$m=${cost.memoryKiB},t=${cost.passes},p=${cost.lanes}$${unpadded(salt)}$${unpadded(hash)}`
    },
    fits: async (phc, password) => {
      const parsed = phc === undefined ? undefined : parsePhc(phc)
      const { cost: asked, salt, hash } = parsed ?? { cost, salt: nobody, hash: Buffer.alloc(hashBytes) }
      const found = await queued(() => derive('argon2id', parametersOf(password, salt, asked, hash.length)))
      return timingSafeEqual(found, hash) && parsed !== undefined
    },
    isOutdated: (phc) => {
      const parsed = parsePhc(phc)
      if (parsed === undefined) return true
      const { memoryKiB, passes, lanes } = parsed.cost
      return memoryKiB !== cost.memoryKiB || passes !== cost.passes || lanes !== cost.lanes
    },
  }
}

const nobody = Buffer.alloc(saltBytes)

const parametersOf = (password: string, nonce: Buffer, cost: HashCost, tagLength: number): Argon2Parameters => ({
  // One password typed on two keyboards is one password (RFC 8265 §4.2).
  message: Buffer.from(password.normalize('NFC'), 'utf8'),
  nonce,
  parallelism: cost.lanes,
  tagLength,
  memory: cost.memoryKiB,
  passes: cost.passes,
})

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')

function parsePhc(phc: string) {
  const [, memory, passes, lanes, salt = '', hash = ''] = phcShape.exec(phc) ?? []
  const cost = { memoryKiB: Number(memory), passes: Number(passes), lanes: Number(lanes) }
  const isWithin =
    cost.memoryKiB >= 8 * cost.lanes && cost.memoryKiB <= maxMemoryKiB && cost.passes >= 1 && cost.passes <= maxPasses
  if (!isWithin || cost.lanes < 1) return undefined
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
}

/** Runs at most `maxRunning` at once, and turns away whoever would wait behind `maxWaiting`. */
function gate(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= maxRunning) {
      if (waiting.length >= maxWaiting) throw refused('overloaded', { retryAfterSeconds: 1 })
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}
