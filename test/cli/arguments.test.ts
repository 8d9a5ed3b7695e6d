import { describe, expect, it } from 'vitest'
import { momentAfter, parseTime } from '../../src/cli/arguments.ts'

describe('parseTime', () => {
  it.each([
    ['2027-01-31T09:00:00+01:00', Date.UTC(2027, 0, 31, 8)],
    ['2027-01-31T09:00:00Z', Date.UTC(2027, 0, 31, 9)],
    ['2028-02-29T00:00:00.250000-05:30', Date.UTC(2028, 1, 29, 5, 30, 0, 250)],
  ])('reads %s', (text, expected) => expect(parseTime(text)).toBe(expected))

  it.each([
    '2027-01-31',
    '2027-01-31T09:00:00',
    '2027-02-29T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-01-01T24:30:00Z',
    '1',
    '',
  ])('refuses %j, which is no moment or not one moment', (text) => expect(parseTime(text)).toBe(undefined))
})

describe('momentAfter', () => {
  it('counts a span from now, and takes a time as it is', () => {
    expect(momentAfter(1000, '--expires', '2s')).toBe(3000)
    expect(momentAfter(1000, '--expires', '2027-01-31T09:00:00Z')).toBe(Date.UTC(2027, 0, 31, 9))
  })

  it('names the option and what was found when it is neither', () => {
    expect(() => momentAfter(0, '--expires', '2 days')).toThrow(
      /^--expires: `2 days` is no span and no time - write `90d`/,
    )
  })
})
