import { expect, it } from 'vitest'
import { isEventStream } from '../../src/forward/event-stream.ts'

it.each([
  [['Content-Type', 'text/event-stream'], true],
  [['X', 'y', 'content-type', 'Text/Event-Stream; charset=utf-8'], true],
  [['Content-Type', 'text/event-streams'], false],
  [['Content-Type', 'application/json', 'Content-Type', 'text/event-stream'], false],
  [['X-Content-Types', 'text/event-stream'], false],
  [[], false],
])('tells event streams from other answers: %j', (headers, expected) => {
  expect(isEventStream(headers)).toBe(expected)
})
