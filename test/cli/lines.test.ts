import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linesOf } from '../../src/cli/lines.ts'

async function collect(chunks: readonly Buffer[], maxBytes = 1000): Promise<[number, string][]> {
  const found: [number, string][] = []
  const stream = (async function* () {
    yield* chunks
  })()
  for await (const { number, bytes } of linesOf(stream, maxBytes)) found.push([number, bytes.toString()])
  return found
}

describe('linesOf', () => {
  it('numbers lines from 1, takes both line ends, and a last line without one', async () => {
    expect(await collect([Buffer.from('a\r\n\nb\nc')])).toEqual([
      [1, 'a'],
      [2, ''],
      [3, 'b'],
      [4, 'c'],
    ])
  })

  it('finds the same lines wherever the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[aé\n\r]{0,40}$/), fc.nat(80), fc.nat(80), async (text, one, other) => {
        const bytes = Buffer.from(text)
        const [first, second] = [Math.min(one, other), Math.max(one, other)]
        const cut = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
        expect(await collect(cut)).toEqual(await collect([bytes]))
      }),
    )
  })

  it('ends with an error that names a line which is too long, whole or not', async () => {
    await expect(collect([Buffer.from('a\nbbbb\n')], 3)).rejects.toThrow('line 2 is longer than 3 bytes')
    await expect(collect([Buffer.from('a\nbb'), Buffer.from('bb')], 3)).rejects.toThrow('line 2 is longer than 3 bytes')
  })
})
