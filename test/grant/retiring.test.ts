import { describe, expect, it } from 'vitest'
import type { UpstreamFailure } from '../../src/model/ports.ts'
import { outcomeOf, retiringLists } from '../../src/grant/retiring.ts'

const answered = (status: number) => ({ kind: 'answer', status, body: Buffer.alloc(0) }) as const
const failed = (phase: string, status?: number) => {
  const failure: UpstreamFailure = { code: 'upstream-reset', proxyError: 'x', phase, cause: undefined }
  return { kind: 'failure', status, failure } as const
}

describe('outcomeOf', () => {
  it.each([
    ['an answer of 200', answered(200), 'gone'],
    ['an answer of 204', answered(204), 'gone'],
    ['an answer of 200 whose body broke off', failed('body', 200), 'gone'],
    ['a redirection', answered(307), 'kept'],
    ['a refusal', answered(400), 'kept'],
    ['a refusal whose body broke off', failed('body', 403), 'kept'],
    ['no connection', failed('connect'), 'kept'],
    ['no place in the queue', failed('queue'), 'kept'],
    ['not found', answered(404), 'unsure'],
    ['gone', answered(410), 'unsure'],
    ['an answer of 500', answered(500), 'unsure'],
    ['an answer of 502 whose body broke off', failed('body', 502), 'unsure'],
    ['a reset while it was sent', failed('send'), 'unsure'],
    ['silence', failed('wait'), 'unsure'],
    ['a phase that nobody knows', failed('elsewhere'), 'unsure'],
  ] as const)('takes %s for: %s', (_, ending, outcome) => {
    expect(outcomeOf(ending)).toBe(outcome)
  })
})

describe('retiringLists', () => {
  const inPath = { in: 'path', name: 'id' } as const
  const inQuery = { in: 'query', name: 'id' } as const

  it.each([
    [inPath, { id: '3' }, '/api/lists/3?id=4', [3]],
    [inQuery, { id: '9' }, '/api/lists?id=3&id=4&id=3', [3, 4]],
    [inQuery, {}, '/api/lists?query=id%3D5&id=3', [3]],
    [inQuery, {}, '/api/lists?all=true', []],
    [inQuery, {}, '/api/lists', []],
    [inQuery, {}, '/api/lists?id=x', []],
  ] as const)('reads the lists that %j says, of %j and %s', (retire, params, target, lists) => {
    expect(retiringLists(retire, params, target)).toEqual(lists)
  })
})
