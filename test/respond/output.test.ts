import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOutput } from '../../src/respond/output.ts'

describe('createOutput', () => {
  it('passes a chunk that nobody touches without copying it', () => {
    const output = createOutput()
    const chunk = Buffer.from('abc')
    output.begin(chunk)

    expect(output.take(undefined).bytes.buffer).toBe(chunk.buffer)
  })

  it('takes back, puts in and takes out', () => {
    const output = createOutput()
    output.begin(Buffer.from('one,two,three'))
    output.rewind(output.mark(4), 8)
    output.insert(Buffer.from('<'), 8)
    output.removeByte(3, 13)

    expect(output.take(undefined).bytes.toString()).toBe('one<three')
  })

  it('takes back what an earlier chunk brought and nothing of what went out', () => {
    const output = createOutput()
    output.begin(Buffer.from('abcd'))
    const mark = output.mark(3)
    const first = output.take(2)
    output.begin(Buffer.from('efgh'))
    output.rewind(mark - first.shift, 6)

    expect([first.bytes.toString(), output.take(undefined).bytes.toString(), output.heldBytes()]).toEqual([
      'ab',
      'cgh',
      0,
    ])
  })

  it('is what a text would be, whatever is done to it', () => {
    const step = fc.record({
      text: fc.string({ maxLength: 8 }),
      back: fc.nat(20),
      put: fc.string({ maxLength: 3 }),
      limit: fc.nat(20),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const output = createOutput()
        let at = 0
        let model = ''
        let out = ''
        let expected = ''
        for (const { text, back, put, limit } of steps) {
          const chunk = Buffer.from(text, 'latin1')
          output.begin(chunk)
          at += chunk.length
          model += chunk.toString('latin1')
          const mark = Math.max(0, model.length - back)
          output.rewind(mark, at)
          output.insert(Buffer.from(put, 'latin1'), at)
          model = model.slice(0, mark) + Buffer.from(put, 'latin1').toString('latin1')
          const { bytes, shift } = output.take(limit)
          out += bytes.toString('latin1')
          expected += model.slice(0, shift)
          model = model.slice(shift)
          expect([shift, output.heldBytes()]).toEqual([Math.min(limit, shift), model.length])
        }
        output.begin(Buffer.alloc(0))
        expect(out + output.take(undefined).bytes.toString('latin1')).toBe(expected + model)
      }),
    )
  })
})
