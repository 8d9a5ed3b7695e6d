import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeFrame, createFrameReader, type FrameProblem } from '../../src/forward/frames.ts'
import { frame, framesIn, opcodes } from '../helpers/web-socket.ts'

const small = { isMasked: true, maxMessageBytes: 1_000 }

/** What passes of pieces that come one after the other, up to the first problem. */
function pass(
  pieces: readonly Buffer[],
  rule = small,
): { readonly passed: Buffer; readonly problem: FrameProblem | undefined } {
  const reader = createFrameReader(rule)
  const passed: Buffer[] = []
  for (const piece of pieces) {
    const read = reader.read(piece)
    passed.push(Buffer.from(read.passed))
    if (read.problem !== undefined) return { passed: Buffer.concat(passed), problem: read.problem }
  }
  return { passed: Buffer.concat(passed), problem: undefined }
}

const masked = (opcode: number, payload: Buffer | string = '', isFinal = true): Buffer =>
  frame(opcode, payload, { isMasked: true, isFinal })

const good = Buffer.concat([
  masked(opcodes.text, 'hello'),
  masked(opcodes.binary, Buffer.alloc(300, 7), false),
  masked(opcodes.ping, 'in between'),
  masked(opcodes.continuation, Buffer.alloc(126, 8), false),
  masked(opcodes.continuation),
  masked(opcodes.pong),
  masked(opcodes.text, 'x'.repeat(900)),
])

describe('frames', () => {
  it('pass as they are, however they are cut into pieces', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: good.length - 1 }), { maxLength: 40 })
    fc.assert(
      fc.property(cuts, (unsorted) => {
        const edges = [0, ...unsorted.toSorted((a, b) => a - b), good.length]
        const pieces = edges.slice(1).map((end, at) => good.subarray(edges[at], end))
        expect(pass(pieces)).toEqual({ passed: good, problem: undefined })
      }),
    )
  })

  it('never hold back more than the head of a frame', () => {
    const reader = createFrameReader(small)
    let passedBytes = 0
    for (const [at, byte] of good.entries()) {
      passedBytes += reader.read(Buffer.from([byte])).passed.length
      expect(at + 1 - passedBytes).toBeLessThan(14)
    }
  })

  it.each([
    ['not masked', frame(opcodes.text, 'x'), 1002],
    ['with a reserved bit', frame(opcodes.text, 'x', { isMasked: true, reserved: 4 }), 1002],
    ['of an unknown kind', masked(3, 'x'), 1002],
    ['of an unknown control', masked(11, 'x'), 1002],
    ['that goes on with nothing', masked(opcodes.continuation, 'x'), 1002],
    [
      'that begins in the middle of a message',
      Buffer.concat([masked(opcodes.text, 'x', false), masked(opcodes.text, 'y')]),
      1002,
    ],
    ['a control in parts', masked(opcodes.ping, 'x', false), 1002],
    ['a control that is too long', masked(opcodes.ping, 'x'.repeat(126)), 1002],
    ['too big', masked(opcodes.text, 'x'.repeat(1_001)), 1009],
    ['too big in its head alone', frame(opcodes.text, '', { isMasked: true, length: 2 ** 40 }), 1009],
    ['too big for a number', frame(opcodes.text, '', { isMasked: true, length: Number.MAX_SAFE_INTEGER }), 1009],
    [
      'too big together',
      Buffer.concat([masked(opcodes.text, 'x'.repeat(500), false), masked(opcodes.continuation, 'x'.repeat(500))]),
      1009,
    ],
  ])('%s end it, and nothing of them passes', (_what, bytes, code) => {
    const before = masked(opcodes.text, 'before')
    const { passed, problem } = pass([before, bytes])
    expect(problem?.code).toBe(code)
    // All frames that passed are whole, and the one that ended it is none of them.
    const { frames, rest } = framesIn(passed)
    expect([rest.length, frames.length <= 2, passed.subarray(0, before.length).equals(before)]).toEqual([0, true, true])
  })

  it('M06: empty frames without end are a message that is too big', () => {
    const reader = createFrameReader(small)
    expect(reader.read(masked(opcodes.text, '', false)).problem).toBeUndefined()
    let count = 0
    while (reader.read(masked(opcodes.continuation, '', false)).problem === undefined && count < 10_000) count++
    expect(count).toBeLessThan(200)
  })

  it('of a backend are not masked', () => {
    const rule = { isMasked: false, maxMessageBytes: 1_000 }
    expect(pass([frame(opcodes.text, 'x')], rule).problem).toBeUndefined()
    expect(pass([masked(opcodes.text, 'x')], rule).problem?.code).toBe(1002)
  })

  it('end with a close frame: nothing behind it passes', () => {
    const last = masked(opcodes.close, Buffer.from([3, 232]))
    const reader = createFrameReader(small)
    const { passed } = reader.read(Buffer.concat([last, masked(opcodes.text, 'late')]))
    expect([Buffer.from(passed), reader.sawClose()]).toEqual([last, true])
    expect(reader.read(masked(opcodes.text, 'later')).passed).toHaveLength(0)
  })

  it('tell where one can be put between', () => {
    const reader = createFrameReader(small)
    const bytes = masked(opcodes.text, 'hello')
    expect(reader.isBetweenFrames()).toBe(true)
    reader.read(bytes.subarray(0, 8))
    expect(reader.isBetweenFrames()).toBe(false)
    reader.read(bytes.subarray(8))
    expect(reader.isBetweenFrames()).toBe(true)
  })

  it('whatever bytes come, what passes is frames that keep to the rules', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (pieces) => {
        const { passed } = pass(pieces.map((piece) => Buffer.from(piece)))
        for (const each of framesIn(passed).frames) {
          expect(each.isMasked).toBe(true)
          expect(each.payload.length).toBeLessThanOrEqual(1_000)
        }
      }),
    )
  })
})

describe('closeFrame', () => {
  it('is read back by who gets it', () => {
    const plain = framesIn(closeFrame(4401, 'gone')).frames
    const hidden = framesIn(closeFrame(1001, '', Buffer.from([9, 8, 7, 6]))).frames
    expect(plain).toEqual([
      { opcode: 8, isFinal: true, isMasked: false, payload: Buffer.from('\x11\x31gone', 'latin1') },
    ])
    expect(hidden).toEqual([{ opcode: 8, isFinal: true, isMasked: true, payload: Buffer.from([3, 233]) }])
  })
})
