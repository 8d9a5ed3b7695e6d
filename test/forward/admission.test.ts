import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAdmission, type Start } from '../../src/forward/admission.ts'

const world = (most: number, mostWaiting: number, start: (item: number) => Start = () => 'started') => {
  const started: number[] = []
  const down: number[] = []
  const admission = createAdmission<number>({
    most,
    mostWaiting,
    start(item) {
      const outcome = start(item)
      if (outcome === 'started') started.push(item)
      return outcome
    },
    onDown: (item) => void down.push(item),
  })
  return { admission, started, down }
}

describe('an admission', () => {
  it('starts as many as may be under way, lets as many wait as there is room, and no more', () => {
    const { admission, started } = world(2, 1)
    expect([1, 2, 3, 4].map((item) => admission.admit(item))).toEqual(['started', 'started', 'waits', 'full'])
    expect([started, admission.underWay, admission.waiting]).toEqual([[1, 2], 2, 1])
  })

  it('starts the next in line when one is over', () => {
    const { admission, started } = world(1, 2)
    for (const item of [1, 2, 3]) admission.admit(item)
    admission.forget(2)
    admission.ended()
    expect([started, admission.underWay, admission.waiting]).toEqual([[1, 3], 1, 0])
  })

  it('lets wait what finds no connection, and nobody overtakes it', () => {
    let isBusy = true
    const { admission, started } = world(8, 8, () => (isBusy ? 'busy' : 'started'))
    expect(admission.admit(1)).toBe('waits')
    isBusy = false
    expect(admission.admit(2)).toBe('waits')
    // Whoever frees a connection was under way itself.
    admission.restart(0)
    expect([started, admission.underWay]).toEqual([[0], 0])
    admission.ended()
    expect(started).toEqual([0, 1, 2])
  })

  it('does not take what nobody can be asked for, and says so of what was in line', () => {
    let isDown = true
    const { admission, down } = world(1, 2, () => (isDown ? 'down' : 'started'))
    expect(admission.admit(1)).toBe('down')
    isDown = false
    admission.admit(2)
    admission.admit(3)
    isDown = true
    admission.ended()
    expect([down, admission.underWay, admission.waiting]).toEqual([[3], 0, 0])
  })

  it('keeps the place of one that starts anew, and gives it up where it cannot', () => {
    let outcome: Start = 'started'
    const { admission, started } = world(1, 1, () => outcome)
    admission.admit(1)
    admission.admit(2)
    expect([admission.restart(1), admission.underWay]).toEqual(['started', 1])
    outcome = 'down'
    expect([admission.restart(1), admission.underWay, admission.waiting]).toEqual(['down', 0, 0])
    expect(started).toEqual([1, 1])
  })
})

describe('whatever comes and goes', () => {
  const event = fc.oneof(
    fc.constant({ kind: 'admit' as const }),
    fc.record({ kind: fc.constant('end' as const), at: fc.nat() }),
    fc.record({ kind: fc.constant('forget' as const), at: fc.nat() }),
    fc.record({ kind: fc.constant('restart' as const), at: fc.nat() }),
    fc.record({ kind: fc.constant('lanes' as const), lanes: fc.integer({ min: 0, max: 6 }) }),
  )
  const rule = { most: fc.integer({ min: 1, max: 5 }), mostWaiting: fc.integer({ min: 0, max: 5 }) }

  it('the cap and the line are never exceeded, first come is first served, and all counters come back to 0', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.record(rule), (events, { most, mostWaiting }) => {
        let lanes = 6
        let isDown = false
        const running: number[] = []
        const waiting: number[] = []
        const admission = createAdmission<number>({
          most,
          mostWaiting,
          start(item) {
            if (isDown) return 'down'
            if (running.length >= lanes) return 'busy'
            // Only the head of the line is ever started from it.
            if (waiting.includes(item)) expect(waiting.shift()).toBe(item)
            running.push(item)
            return 'started'
          },
          onDown: (item) => void waiting.splice(waiting.indexOf(item), 1),
        })
        let next = 0
        for (const each of events) {
          if (each.kind === 'lanes') {
            lanes = each.lanes
            isDown = lanes === 0
          }
          if (each.kind === 'admit') {
            const item = next++
            if (admission.admit(item) === 'waits') waiting.push(item)
          }
          const ended = each.kind === 'end' || each.kind === 'restart' ? running[each.at % running.length] : undefined
          if (ended !== undefined) running.splice(running.indexOf(ended), 1)
          if (each.kind === 'end' && ended !== undefined) admission.ended()
          if (each.kind === 'restart' && ended !== undefined && admission.restart(ended) === 'waits')
            waiting.push(ended)
          const left = each.kind === 'forget' ? waiting[each.at % waiting.length] : undefined
          if (left !== undefined) {
            waiting.splice(waiting.indexOf(left), 1)
            admission.forget(left)
          }
          expect(admission.underWay).toBe(running.length)
          expect(admission.waiting).toBe(waiting.length)
          expect(admission.underWay).toBeLessThanOrEqual(most)
          expect(admission.waiting).toBeLessThanOrEqual(mostWaiting)
        }
        for (const item of [...waiting]) {
          waiting.splice(waiting.indexOf(item), 1)
          admission.forget(item)
        }
        while (running.pop() !== undefined) admission.ended()
        expect([admission.underWay, admission.waiting]).toEqual([0, 0])
      }),
    )
  })
})
