import { describe, expect, it } from 'vitest'
import type { Allowed, Cut } from '../../src/model/decision.ts'
import { windowOf } from '../../src/scope/window.ts'

const decision = (pages: Cut['pages']): Allowed => ({
  effect: 'allow',
  rule: 'GET /api/lists',
  at: { file: 'test.yaml', line: 1 },
  reason: 'authenticated',
  ground: { permission: undefined, role: undefined },
  lists: 'none',
  rewrites: [],
  cuts: [{ act: 'keep', path: 'data.results[]', by: 'id', pages, visible: new Set(), resource: undefined }],
})

const pairsOf = (query: string): [string, string][] => [...new URLSearchParams(query)]

describe('windowOf', () => {
  it.each([
    ['', 1, 20],
    ['page=3&per_page=7', 3, 7],
    ['page=0&per_page=0', 1, 20],
    ['page=-2&per_page=-1', 1, 0],
    ['page=x&per_page=x', 1, 20],
    ['page=1.5&per_page=1e2', 1, 20],
    ['page=%2B2&per_page=%2B5', 2, 5],
    ['per_page=all&page=3', 3, 0],
    ['per_page=ALL', 1, 20],
    ['per_page=1000', 1, 1000],
    ['per_page=99999999999999999999', 1, 20],
    ['page=&per_page=', 1, 20],
  ])('reads `%s` as listmonk does', (query, page, perPage) => {
    expect(windowOf(decision(true), pairsOf(query))?.window).toEqual({ page, perPage, isWhole: false })
  })

  it('asks for everything at once, and leaves every other parameter', () => {
    expect(windowOf(decision(true), pairsOf('page=2&tag=a&per_page=5&tag=b'))?.pairs).toEqual([
      ['tag', 'a'],
      ['tag', 'b'],
      ['per_page', 'all'],
      ['page', '1'],
    ])
  })

  it.each([
    ['minimal=true', true],
    ['minimal=1', true],
    ['minimal=false', false],
    ['minimal=', false],
    ['x=true', false],
  ])('knows whether `%s` is paged by the backend', (query, isWhole) => {
    const pages = { empty: 'as asked', unpaged: 'minimal' } as const
    expect(windowOf(decision(pages), pairsOf(query))?.window).toEqual({ page: 1, perPage: 20, isWhole })
  })

  it('is not asked where nothing is paged here', () => {
    expect(windowOf(decision(false), pairsOf('page=2'))).toBeUndefined()
  })
})
