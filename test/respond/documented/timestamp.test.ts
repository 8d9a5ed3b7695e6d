import { expect, it } from 'vitest'
import { documentedTimestamp } from '../../../src/respond/documented/timestamp.ts'

it.each([
  ['2026-03-02T08:15:30.4512Z', 330, '2026-03-02T13:45:30.451200+05:30'],
  ['2026-03-02T08:15:30Z', 0, '2026-03-02T08:15:30.000000+00:00'],
  ['2026-03-02T08:15:30.123456789+00:00', 0, '2026-03-02T08:15:30.123456+00:00'],
  ['2026-03-02T20:15:30.1+05:30', -600, '2026-03-02T04:45:30.100000-10:00'],
  ['0001-01-01T00:00:00Z', 0, '0001-01-01T00:00:00.000000+00:00'],
  ['9999-12-31T23:59:59Z', 60, undefined],
  ['2026-02-30T08:15:30Z', 0, undefined],
  ['2026-13-01T08:15:30Z', 0, undefined],
  ['2026-03-02T24:00:00Z', 0, undefined],
  ['2026-03-02 08:15:30Z', 0, undefined],
  ['2026-03-02T08:15:30', 0, undefined],
  ['2026-03-02', 0, undefined],
  ['', 0, undefined],
])('%j, %i minutes east, is %j', (text, offsetMinutes, expected) => {
  expect(documentedTimestamp(text, offsetMinutes)).toBe(expected)
})
