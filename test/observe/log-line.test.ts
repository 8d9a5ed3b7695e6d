/** Which parameters a line of the log names. A name that the policy does not declare is the caller's own text. */
import { describe, expect, it } from 'vitest'
import type { Gate } from '../../src/context.ts'
import { logLine } from '../../src/observe/log-line.ts'
import type { QueryShape } from '../../src/policy/rule.ts'
import { rule } from '../helpers/rule.ts'

const facts = { method: 'GET', host: 'a.example', userAgent: 'x', status: 200, durationMs: 1 }
const shape: QueryShape = {
  kind: 'declared',
  parameters: new Map([
    ['page', 'one'],
    ['list_id', 'ids'],
    ['query', 'one'],
  ]),
  aliases: new Map([['email', { parameter: 'query', comparison: { column: 'subscribers.email', value: 'email' } }]]),
}

function parametersOf(query: QueryShape | undefined, pairs: readonly (readonly [string, string])[]): unknown {
  const gate = {
    traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
    target: { path: '/api/things', segments: ['api', 'things'], query: pairs },
    match: query === undefined ? { kind: 'unknown' } : { kind: 'rule', rule: rule({ query }), params: {} },
  }
  return logLine(gate as Partial<Gate> as Gate, facts)['parameters']
}

describe('logLine: parameters', () => {
  it.each<[what: string, query: QueryShape | undefined, pairs: [string, string][], names: unknown]>([
    [
      'each declared name once',
      shape,
      [
        ['list_id', '3'],
        ['page', '1'],
        ['list_id', '4'],
      ],
      ['list_id', 'page'],
    ],
    ['an alias by its own name', shape, [['email', 'a@example.org']], ['email']],
    ['nothing that is empty', shape, [['list_id', '']], []],
    [
      'nothing that the policy does not declare',
      shape,
      [
        ['token=secret', 'x'],
        ['PAGE', '1'],
      ],
      [],
    ],
    ['nothing where any parameter is taken', { kind: 'any' }, [['secret', 'x']], []],
    ['nothing where there is no query', shape, [], []],
    ['no list of names where no rule was found', undefined, [['page', '1']], undefined],
  ])('has %s', (_what, query, pairs, names) => {
    expect(parametersOf(query, pairs)).toEqual(names)
  })
})
