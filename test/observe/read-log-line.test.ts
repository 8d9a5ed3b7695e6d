import { describe, expect, it } from 'vitest'
import { readLogLine } from '../../src/observe/read-log-line.ts'

const read = (line: unknown) => readLogLine(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)))
const least = { request_id: 'r', method: 'GET', status: 400 }
const nothing = {
  method: 'GET',
  path: undefined,
  tenant: undefined,
  user: undefined,
  decision: undefined,
  reason: undefined,
  code: undefined,
  lists: [],
  parameters: undefined,
  bytesIn: undefined,
}

describe('readLogLine', () => {
  it('reads a request with everything that a replay needs', () => {
    const line = {
      ...least,
      path: '/api/lists/3',
      tenant: 'north',
      user: 'ann',
      decision: 'deny',
      reason: 'list-not-granted',
      error: { code: 'list-denied', cause: 'x' },
      lists: [3],
      parameters: ['page'],
      bytes_in: 5,
      user_agent: 'x',
    }

    expect(read(line)).toEqual({
      kind: 'request',
      request: {
        method: 'GET',
        path: '/api/lists/3',
        tenant: 'north',
        user: 'ann',
        decision: 'deny',
        reason: 'list-not-granted',
        code: 'list-denied',
        lists: [3],
        parameters: ['page'],
        bytesIn: 5,
      },
    })
  })

  it.each([
    ['fields that are not there', {}, {}],
    ['lists in a word', { lists: 'every' }, {}],
    [
      'fields of other types',
      { path: 5, user: null, decision: 'maybe', lists: ['3', 4], error: 'x', bytes_in: '9' },
      { lists: [4] },
    ],
  ])('takes %s for nothing', (_what, fields, known) => {
    expect(read({ ...least, ...fields })).toEqual({ kind: 'request', request: { ...nothing, ...known } })
  })

  it.each([
    ['another line of the log', { level: 'info', time: '2026-01-01T00:00:00.000Z', msg: 'listening' }, 'other'],
    ['another JSON object', { hello: 'world' }, 'unreadable'],
    ['a request of another log', { method: 'GET', status: 200 }, 'unreadable'],
    ['an array', [least], 'unreadable'],
    ['null', null, 'unreadable'],
    ['text', '10.0.0.1 - - "GET / HTTP/1.1" 200', 'unreadable'],
    ['half a line', '{"request_id":"r","meth', 'unreadable'],
    ['nothing', '', 'unreadable'],
  ])('tells %s from a request', (_what, line, kind) => {
    expect(read(line)).toEqual({ kind })
  })
})
