import { describe, expect, it } from 'vitest'
import type { QueryShape, When } from '../../src/policy/rule.ts'
import { queryProblem, writeAliases, writeExcepted } from '../../src/scope/query.ts'
import { rule } from '../helpers/rule.ts'

const email = { column: 'subscribers.email', value: 'email' } as const
const shape: QueryShape = {
  kind: 'declared',
  parameters: new Map([
    ['query', 'one'],
    ['tag', 'many'],
    ['list_id', 'ids'],
    ['email', 'one'],
  ]),
  aliases: new Map([['email', { parameter: 'query', comparison: email }]]),
}

describe('queryProblem', () => {
  it.each<[string, readonly (readonly [string, string])[]]>([
    ['nothing', []],
    [
      'each parameter',
      [
        ['query', 'x'],
        ['tag', 'a'],
        ['tag', 'b'],
        ['list_id', '3'],
        ['list_id', '4'],
      ],
    ],
    ['an empty id', [['list_id', '']]],
    ['an alias', [['email', 'Ada@example.org']]],
  ])('takes %s', (_name, pairs) => {
    expect(queryProblem(shape, pairs)).toBeUndefined()
  })

  it.each<[readonly (readonly [string, string])[], string]>([
    [[['page', '1']], 'the query names a parameter that this endpoint does not take'],
    [[['Query', 'x']], 'the parameter is spelt `query`'],
    [
      [
        ['query', 'x'],
        ['query', 'y'],
      ],
      'the parameter `query` may stand once',
    ],
    [[['list_id', '03']], 'the parameter `list_id` takes ids in plain decimal (1 to 2147483647)'],
    [[['email', '']], 'the parameter `email` takes one plain e-mail address'],
    [[['email', "a'@example.org"]], 'the parameter `email` takes one plain e-mail address'],
    [
      [
        ['email', 'a@example.org'],
        ['query', ''],
      ],
      'the parameters `email` and `query` cannot be used together',
    ],
    [
      [
        ['email', 'a@example.org'],
        ['email', 'a@example.org'],
      ],
      'the parameter `email` may stand once',
    ],
  ])('refuses %j', (pairs, problem) => {
    expect(queryProblem(shape, pairs)).toBe(problem)
  })
})

describe('what is sent of a query', () => {
  const when: When = {
    in: 'query',
    part: undefined,
    name: 'query',
    is: undefined,
    except: [email],
    allow: ['sql'],
    everywhere: undefined,
    every: undefined,
  }

  it('writes an alias as the parameter that it stands for, in its place', () => {
    const pairs = [
      ['page', '1'],
      ['email', 'Ada@example.org'],
      ['tag', 'a'],
    ] as const
    expect(writeAliases(shape, pairs)).toEqual([
      ['page', '1'],
      ['query', "subscribers.email='ada@example.org'"],
      ['tag', 'a'],
    ])
  })

  it('writes what a demand excepts in canonical spelling, and leaves the rest', () => {
    const pairs = [
      ['query', "subscribers.email = 'ADA@example.org'"],
      ['tag', "subscribers.email = 'ADA@example.org'"],
    ] as const
    expect(writeExcepted(rule({ when: [when] }), pairs)).toEqual([
      ['query', "subscribers.email='ada@example.org'"],
      ['tag', "subscribers.email = 'ADA@example.org'"],
    ])
    expect(writeExcepted(rule({ when: [when] }), [['query', 'id > 5']])).toEqual([['query', 'id > 5']])
  })
})
