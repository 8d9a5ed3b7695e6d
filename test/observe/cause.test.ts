import { describe, expect, it } from 'vitest'
import { describeCause } from '../../src/observe/cause.ts'

describe('describeCause', () => {
  it('shows the chain with codes, on one clean line', () => {
    const inner = Object.assign(new Error('connect\r\nrefused'), { code: 'ECONNREFUSED' })

    expect(describeCause(new Error('fetch failed', { cause: inner }))).toBe(
      'Error: fetch failed <- Error: connect  refused (ECONNREFUSED)',
    )
    expect(describeCause('two\u2028lines')).toBe('two lines')
    expect(describeCause(undefined)).toBeUndefined()
  })

  it('ends on circles and is bounded', () => {
    const circle = new Error('again')
    circle.cause = circle

    expect(describeCause(circle)?.split(' <- ')).toHaveLength(4)
    expect(describeCause('x'.repeat(10_000))).toHaveLength(1024)
  })
})
