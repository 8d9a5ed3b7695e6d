import { describe, expect, it } from 'vitest'
import { lookUpBudget } from '../../src/authenticate/look-up-budget.ts'
import { stoppedClock } from './people.ts'

const taken = (budget: { take(): boolean }, times: number): number =>
  Array.from({ length: times }, () => budget.take()).filter(Boolean).length

describe('lookUpBudget', () => {
  it('gives twenty at once and twenty a second', () => {
    const clock = stoppedClock()
    const budget = lookUpBudget(clock)

    expect(taken(budget, 30)).toBe(20)
    clock.pass(500)
    expect(taken(budget, 30)).toBe(10)
    clock.pass(1000)
    expect(taken(budget, 30)).toBe(20)
  })

  it('saves nothing up', () => {
    const clock = stoppedClock()
    const budget = lookUpBudget(clock)
    clock.pass(3_600_000)

    expect(taken(budget, 100)).toBe(20)
  })
})
