/** What fuzzing has found stays found: every kept input is read again, and the fuzzer itself can find and make small. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readInputs, shown } from './corpus.ts'
import type { Coverage } from './coverage.ts'
import { fuzz, minimised, problemWith, type Target } from './fuzzer.ts'
import { mutate } from './mutate.ts'
import { randomFrom } from './random.ts'
import { targets } from './targets.ts'

describe.each(targets.map((target) => [target.name, target] as const))('%s', (name, target) => {
  // How long an input takes is measured by `npm run fuzz`, not here, where other tests run beside.
  const untimed = { ...target, maxMs: Infinity }

  it('reads its corpus without breaking a property', () => {
    const inputs = [...target.seeds.map((seed) => Buffer.from(seed, 'latin1')), ...readInputs('corpus', name)]
    const broken = inputs.flatMap((input) => {
      const why = problemWith(untimed, input)
      return why === undefined ? [] : [`${why}: ${shown(input)}`]
    })

    expect(broken).toEqual([])
    expect(inputs.length).toBeGreaterThan(target.seeds.length)
  })

  it('reads what once broke a property', () => {
    const broken = readInputs('found', name).flatMap((input) => problemWith(untimed, input) ?? [])

    expect(broken).toEqual([])
  })
})

/** Breaks on four bytes in a row. `branches` are those that were taken since they were last asked for. */
function planted(): { readonly target: Target; readonly coverage: Coverage } {
  let branches = new Set<number>()
  const taken = (): Set<number> => {
    const before = branches
    branches = new Set()
    return before
  }
  const run = (input: Buffer): void => {
    for (const [at, byte] of [...Buffer.from('{"~!')].entries()) {
      if (input[at] !== byte) return
      branches.add(at)
    }
    throw new Error('the planted mistake')
  }
  return {
    target: { name: 'planted', seeds: ['hello'], words: [], run },
    coverage: { reset: () => void taken(), take: taken, close: () => undefined },
  }
}

describe('the fuzzer', () => {
  it('makes what breaks a reader as small as it goes', () => {
    const target: Target = {
      ...planted().target,
      run(input) {
        if (input.includes('{"')) throw new Error('the planted mistake')
      },
    }
    const input = Buffer.from('some text before {"~ and some behind')

    expect(problemWith(target, input)).toBe('Error: the planted mistake')
    expect(minimised(target, input, 'Error: the planted mistake').toString()).toBe('{"')
  })

  it('is led by what is covered: four bytes one after the other, and not by luck', () => {
    const { target, coverage } = planted()
    const options = { seed: 7, runs: 100_000, goesOn: () => true }
    const led = fuzz(target, coverage, options)
    const blind = fuzz(target, { ...coverage, take: () => [] }, options)

    expect(led.broken).toEqual([{ input: Buffer.from('{"~!'), why: 'Error: the planted mistake' }])
    expect(led.corpus.map((each) => each[0])).toContain(0x7b)
    expect(blind.broken).toEqual([])
  })

  it('tells an input that takes too long', () => {
    const slow: Target = { ...planted().target, maxMs: -1 }

    expect(problemWith(slow, Buffer.from('x'))).toBe('takes more than -1 ms')
  })

  it('sees the blocks of src that run', async () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const child = spawn(process.execPath, [main, '--target', 'pairs', '--runs', '2000', '--seed', '1'])
    let out = ''
    child.stdout.on('data', (chunk) => (out += String(chunk)))
    const [code] = await once(child, 'close')
    const [, runs, features] = /^pairs: (\d+) inputs in .* s, (\d+) features/m.exec(out) ?? []

    expect(code).toBe(0)
    expect(Number(runs)).toBeGreaterThanOrEqual(2000)
    expect(Number(features)).toBeGreaterThan(40)
    expect(out).toMatch(/^fuzz: \d+ inputs, 0 broken$/m)
  })

  it('makes the same inputs of the same seed, and none beyond the bound', () => {
    const inputs = [Buffer.from('{"a":[1,2]}'), Buffer.from('x')]
    const made = (seed: number): readonly string[] => {
      const random = randomFrom(seed)
      const stock = { inputs, words: [Buffer.from('"b"')], maxBytes: 30 }
      return Array.from({ length: 500 }, () => mutate(inputs[0] ?? Buffer.alloc(0), random, stock).toString('latin1'))
    }

    expect(made(1)).toEqual(made(1))
    expect(made(1)).not.toEqual(made(2))
    expect(made(3).every((text) => text.length <= 30)).toBe(true)
  })
})
