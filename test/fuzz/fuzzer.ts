/** Coverage-guided fuzzing of one reader: what goes a new way is kept and built upon; what breaks a property is made small. */
import type { Coverage } from './coverage.ts'
import { mutate } from './mutate.ts'
import { randomFrom } from './random.ts'

/** A reader under test. */
export interface Target {
  readonly name: string
  /** Inputs to begin with, as latin1 text. */
  readonly seeds: readonly string[]
  /** Pieces that mean something to the reader, as latin1 text. */
  readonly words: readonly string[]
  readonly maxBytes?: number
  /** Milliseconds that an input may take; 100 where nothing is said. */
  readonly maxMs?: number
  /** Reads `input`, and throws when a property is broken. */
  run(input: Buffer): void
}

export interface Broken {
  readonly input: Buffer
  /** What is broken, the first line. */
  readonly why: string
}

export interface FuzzOptions {
  readonly seed: number
  readonly runs: number
  /** Whether to go on: asked between batches. */
  readonly goesOn: () => boolean
  /** Told of each input before it is read. */
  readonly onInput?: (input: Buffer) => void
  /** Inputs of earlier runs. */
  readonly corpus?: readonly Buffer[]
}

export interface FuzzResult {
  readonly runs: number
  readonly features: number
  /** The inputs that together go every way that was found, the short ones first. */
  readonly corpus: readonly Buffer[]
  readonly broken: readonly Broken[]
}

/** Inputs between two looks at the coverage: a look costs as much as fifty inputs. */
const batchSize = 48
/** One batch in so many is looked at input by input, so that how often a block ran counts too. */
const singlyOneIn = 24
/** Different breaks that are told; a broken reader breaks often in one way. */
const maxBroken = 20
const defaultMaxBytes = 2048

export function fuzz(target: Target, coverage: Coverage, options: FuzzOptions): FuzzResult {
  const random = randomFrom(options.seed)
  const words = target.words.map((word) => Buffer.from(word, 'latin1'))
  const maxBytes = target.maxBytes ?? defaultMaxBytes
  const features = new Set<number>()
  const inputs: Buffer[] = []
  const broken = new Map<string, Broken>()
  let runs = 0

  const attempt = (input: Buffer): void => {
    runs++
    options.onInput?.(input)
    const why = problemWith(target, input)
    if (why === undefined || broken.has(why) || broken.size === maxBroken) return
    broken.set(why, { input: minimised(target, input, why, options.onInput), why })
  }
  /** Whether it did something new. */
  const keepIfNew = (input: Buffer): boolean => {
    coverage.reset()
    attempt(input)
    let isNew = false
    for (const feature of coverage.take(true)) {
      if (!features.has(feature)) isNew = true
      features.add(feature)
    }
    if (isNew) inputs.push(input)
    return isNew
  }
  const blocks = new Set<number>()
  const sawNewBlock = (): boolean => {
    let isNew = false
    for (const block of coverage.take(false)) {
      if (!blocks.has(block)) isNew = true
      blocks.add(block)
    }
    return isNew
  }

  const seeds = target.seeds.map((seed) => Buffer.from(seed, 'latin1'))
  for (const input of [...seeds, ...(options.corpus ?? [])]) keepIfNew(input.subarray(0, maxBytes))
  if (inputs.length === 0) inputs.push(Buffer.from('0'))
  const stock = { inputs, words, maxBytes }
  /** New inputs more often than old ones: they are where the unknown begins. */
  const parent = (): Buffer =>
    (random.chance(2) ? inputs[inputs.length - 1 - random.below(Math.min(16, inputs.length))] : random.of(inputs)) ??
    Buffer.alloc(0)

  while (runs < options.runs && options.goesOn()) {
    const batch = Array.from({ length: batchSize }, () => mutate(parent(), random, stock))
    if (random.chance(singlyOneIn)) {
      for (const input of batch) keepIfNew(input)
      continue
    }
    coverage.reset()
    for (const input of batch) attempt(input)
    if (sawNewBlock()) for (const input of batch) keepIfNew(input)
  }
  return { runs, features: features.size, corpus: distilled(target, coverage, inputs), broken: [...broken.values()] }
}

/** What is wrong with how `target` reads `input`; `undefined`: nothing. */
export function problemWith(target: Target, input: Buffer): string | undefined {
  const maxMs = target.maxMs ?? 100
  try {
    const beganAt = performance.now()
    target.run(input)
    if (performance.now() - beganAt <= maxMs) return undefined
    // Once may be the garbage collector's.
    for (let again = 0; again < 3; again++) {
      const at = performance.now()
      target.run(input)
      if (performance.now() - at <= maxMs) return undefined
    }
    return `takes more than ${maxMs} ms`
  } catch (error) {
    const [line = ''] = String(error instanceof Error ? `${error.name}: ${error.message}` : error).split('\n')
    return line.slice(0, 200)
  }
}

/** A smaller input that is wrong in the same way: pieces are left out as long as it stays so. */
export function minimised(
  target: Target,
  input: Buffer,
  why: string,
  onInput: (input: Buffer) => void = () => undefined,
): Buffer {
  let smallest = input
  for (let piece = Math.max(1, smallest.length >> 1); piece >= 1; piece >>= 1) {
    for (let at = 0; at < smallest.length;) {
      const shorter = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + piece)])
      onInput(shorter)
      if (problemWith(target, shorter) === why) smallest = shorter
      else at += piece
    }
  }
  return smallest
}

/** As few inputs as go every way that all of them go, chosen from the shortest on. */
function distilled(target: Target, coverage: Coverage, inputs: readonly Buffer[]): readonly Buffer[] {
  const seen = new Set<number>()
  return inputs
    .toSorted((one, other) => one.length - other.length)
    .filter((input) => {
      coverage.reset()
      problemWith(target, input)
      let isNeeded = false
      for (const feature of coverage.take(false)) {
        if (!seen.has(feature)) isNeeded = true
        seen.add(feature)
      }
      return isNeeded
    })
}
