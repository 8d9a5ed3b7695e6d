import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterProbe, isGoodStatus, upVerdict } from '../../src/forward/probing.ts'

const rule = { healthy: 2, unhealthy: 3 }
const after = (...answers: readonly boolean[]) =>
  answers.reduce((verdict, isGood) => afterProbe(verdict, isGood, rule), upVerdict)

describe('afterProbe', () => {
  it('takes a member out after bad answers in a row, and brings it back after good ones in a row', () => {
    expect(after(false, false).isUp).toBe(true)
    expect(after(false, false, false).isUp).toBe(false)
    expect(after(false, false, true, false, false).isUp).toBe(true)
    expect(after(false, false, false, true, false, true).isUp).toBe(false)
    expect(after(false, false, false, true, true).isUp).toBe(true)
  })

  it('is the same object while nothing speaks against it', () => {
    expect(after(true, true)).toBe(upVerdict)
  })

  it('never counts further than it has to', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (answers) => {
        const { against } = after(...answers)
        expect(against).toBeLessThan(3)
      }),
    )
  })
})

describe('isGoodStatus', () => {
  const probe = {
    statuses: [
      { first: 200, last: 204 },
      { first: 418, last: 418 },
    ],
  }

  it('is one of the ranges, ends included', () => {
    const statuses = [199, 200, 204, 205, 417, 418, 419, 503]
    expect(statuses.filter((status) => isGoodStatus(status, probe))).toEqual([200, 204, 418])
  })
})
