/** Makes a new input of one that did something new: bytes changed, moved, repeated, cut, or joined with another's. Pure. */
import type { Random } from './random.ts'

export interface Stock {
  /** Inputs that each did something new. */
  readonly inputs: readonly Buffer[]
  /** Pieces that mean something to the reader under test. */
  readonly words: readonly Buffer[]
  readonly maxBytes: number
}

type Mutation = (input: Buffer, random: Random, stock: Stock) => Buffer

/** Bytes on which readers of text turn. */
const telling = Buffer.from('\0\t\n\r "#%&\'()*+,-./0:;<=>?@[\\]^_{|}~\x7f\x80\xbf\xc0\xe2\xed\xff', 'latin1')

const splice = (input: Buffer, at: number, removed: number, added: Buffer): Buffer =>
  Buffer.concat([input.subarray(0, at), added, input.subarray(at + removed)])

const someByte = (random: Random): Buffer =>
  Buffer.from([random.chance(2) ? (telling[random.below(telling.length)] ?? 0) : random.below(256)])

const range = (input: Buffer, random: Random): readonly [at: number, length: number] => {
  const at = random.below(input.length)
  return [at, 1 + random.below(Math.min(input.length - at, random.chance(4) ? 256 : 12))]
}

const mutations: readonly [Mutation, ...Mutation[]] = [
  // A bit.
  (input, random) => {
    const made = Buffer.from(input)
    const at = random.below(made.length)
    made[at] = (made[at] ?? 0) ^ (1 << random.below(8))
    return made
  },
  (input, random) => splice(input, random.below(input.length), 1, someByte(random)),
  (input, random) => splice(input, random.below(input.length + 1), 0, someByte(random)),
  (input, random) => splice(input, ...range(input, random), Buffer.alloc(0)),
  // Repeated, once or often.
  (input, random) => {
    const [at, length] = range(input, random)
    const times = random.chance(8) ? 40 : 1
    const piece = input.subarray(at, at + length)
    return splice(input, at, 0, Buffer.concat(Array.from({ length: times }, () => piece)))
  },
  // Moved.
  (input, random) => {
    const [at, length] = range(input, random)
    const rest = splice(input, at, length, Buffer.alloc(0))
    return splice(rest, random.below(rest.length + 1), 0, input.subarray(at, at + length))
  },
  (input, random, { words }) => splice(input, random.below(input.length + 1), 0, random.of(words) ?? Buffer.alloc(0)),
  (input, random, { words }) => splice(input, ...range(input, random), random.of(words) ?? Buffer.alloc(0)),
  // A piece of another input.
  (input, random, { inputs }) => {
    const other = random.of(inputs)
    if (other === undefined || other.length === 0) return input
    const [at, length] = range(other, random)
    return splice(input, random.below(input.length + 1), 0, other.subarray(at, at + length))
  },
  // This one's beginning, another's end.
  (input, random, { inputs }) => {
    const other = random.of(inputs) ?? input
    return Buffer.concat([
      input.subarray(0, random.below(input.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ])
  },
  // A number, one more or less, or of another size.
  (input, random) => {
    const digits = /[0-9]+/.exec(input.toString('latin1'))
    if (digits === null) return input
    const numbers = ['0', '00', '-1', String(Number(digits[0]) + 1), '2147483648', '9007199254740993', '1e400']
    return splice(input, digits.index, digits[0].length, Buffer.from(random.of(numbers) ?? '0'))
  },
  // Letters of the other case.
  (input, random) => {
    const made = Buffer.from(input)
    const at = random.below(made.length)
    made[at] = (made[at] ?? 0) ^ 0x20
    return made
  },
]

/** One to eight mutations, within the bound. */
export function mutate(input: Buffer, random: Random, stock: Stock): Buffer {
  let made = input
  for (let left = 1 + random.below(random.chance(3) ? 8 : 3); left > 0; left--) {
    const from = made.length === 0 ? someByte(random) : made
    made = random.of(mutations)(from, random, stock).subarray(0, stock.maxBytes)
  }
  return made
}
