/** What must hold of every decision, whatever the rule, the grants and the request. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reading, Scope, StoredReading } from '../../src/model/decision.ts'
import type { Need } from '../../src/model/permission.ts'
import { decide } from '../../src/policy/decide.ts'
import type { Absent, ListDemand, PartialMode, Rule, When } from '../../src/policy/rule.ts'
import { grants, inPath, inQuery, listId, rule, stored, terms } from '../helpers/rule.ts'

const runs = { numRuns: 4_000 }
const id = fc.integer({ min: 1, max: 3 })
const need = fc.constantFrom<Need>('get', 'manage')
const permission = fc.constantFrom('lists:get_all', 'lists:manage_all', 'a', 'b')
const permissions = fc.uniqueArray(permission, { maxLength: 3 })

const demand: fc.Arbitrary<ListDemand> = fc.oneof(
  fc.tuple(need, permissions).map(([kind, unless]) => inPath(kind, unless.slice(0, 1))),
  fc
    .record({
      in: fc.constantFrom<'query' | 'body'>('query', 'body'),
      name: fc.constantFrom('x', 'y'),
      need,
      unless: permissions.map((some) => some.slice(0, 1)),
      absent: fc.constantFrom<Absent>('none', 'fill', 'refuse', 'everywhere'),
      fillUnless: fc.option(
        permissions.filter((some) => some.length > 0),
        { nil: undefined },
      ),
      partial: fc.option(fc.constantFrom<PartialMode>('refuse', 'narrow'), { nil: undefined }),
    })
    .map((some) => inQuery(some)),
  fc.record({ need, of: fc.constantFrom<'any' | 'all'>('any', 'all') }).map((some) => stored(some)),
)

const when: fc.Arbitrary<When> = fc.record({
  in: fc.constant('query' as const),
  part: fc.constant(undefined),
  name: fc.constant('q'),
  is: fc.constant(undefined),
  except: fc.constant([]),
  every: fc.constant(undefined),
  allow: permissions,
  everywhere: fc.option(need, { nil: undefined }),
})

/** The loader refuses several demands on one place that differ in `absent` or `partial`, or that fill. */
function agreeing(demands: ListDemand[]): ListDemand[] {
  const first = new Map<string, ListDemand>()
  const places = demands.map((each) => `${each.in} ${'name' in each ? each.name : ''}`)
  return demands.map((each, at) => {
    const place = places[at] ?? ''
    if (each.in === 'stored' || each.in === 'path' || places.filter((other) => other === place).length === 1)
      return each
    const lead = first.get(place) ?? { ...each, absent: each.absent === 'fill' ? 'none' : each.absent }
    first.set(place, lead)
    return 'partial' in lead ? { ...each, absent: lead.absent, partial: lead.partial } : each
  })
}

const anyRule: fc.Arbitrary<Rule> = fc
  .record({
    allow: fc.oneof(
      { arbitrary: fc.constant({ kind: 'authenticated' as const }), weight: 4 },
      {
        arbitrary: fc.tuple(permission, permission).map((some) => ({ kind: 'any-of' as const, permissions: some })),
        weight: 1,
      },
    ),
    lists: fc.array(demand, { minLength: 1, maxLength: 3 }).map(agreeing),
    when: fc.array(when, { maxLength: 1 }),
    everywhere: fc.oneof({ arbitrary: fc.constant(undefined), weight: 9 }, { arbitrary: need, weight: 1 }),
  })
  .map((some) => rule(some))

const reading: fc.Arbitrary<Reading> = fc.oneof(
  fc.constantFrom<Reading>({ kind: 'absent' }, { kind: 'empty' }),
  fc.tuple(id, fc.array(id, { maxLength: 3 })).map(([first, others]): Reading => ({
    kind: 'lists',
    ids: [listId(first), ...others.map(listId)],
  })),
)
const storedReading: fc.Arbitrary<StoredReading> = fc.oneof(
  fc.constantFrom<StoredReading>({ kind: 'absent' }, { kind: 'unknown' }),
  fc.array(fc.array(id, { maxLength: 3 }), { maxLength: 3 }).map((things): StoredReading => ({
    kind: 'things',
    lists: things.map((lists) => lists.map(listId)),
  })),
)

/** A rule and a reading for each of its places; the same place is read the same way each time. */
const asked: fc.Arbitrary<{ rule: Rule; scope: Scope }> = anyRule.chain((some) =>
  fc
    .tuple(
      fc.dictionary(fc.constantFrom('query x', 'query y', 'body x', 'body y', 'path id'), reading, { minKeys: 5 }),
      fc.array(storedReading, { minLength: some.lists.length, maxLength: some.lists.length }),
      fc.array(fc.constantFrom('used' as const, 'not-used' as const), {
        minLength: some.when.length,
        maxLength: some.when.length,
      }),
    )
    .map(([places, things, uses]) => ({
      rule: some,
      scope: {
        readings: some.lists.map((each, index) =>
          each.in === 'stored'
            ? (things[index] ?? { kind: 'absent' })
            : (places[`${each.in} ${each.name}`] ?? { kind: 'absent' }),
        ),
        asked: uses,
      },
    })),
)

const held = fc.record({
  permissions,
  get: fc.uniqueArray(id, { maxLength: 3 }),
  manage: fc.uniqueArray(id, { maxLength: 3 }),
})
const mode = fc.constantFrom<PartialMode>('refuse', 'narrow')
const supersedes = (demandOf: ListDemand, has: readonly string[]): boolean =>
  has.includes(demandOf.need === 'get' ? 'lists:get_all' : 'lists:manage_all') ||
  demandOf.unless.some((each) => has.includes(each))

describe('every decision', () => {
  // `need: either` and `intersects` are left out: listmonk's own rule D5 and its intersecting queries are not monotonous
  // (test/policy/decide.test.ts has both).
  it('stays an allow when more is granted', () => {
    let allowed = 0
    fc.assert(
      fc.property(asked, held, held, mode, ({ rule: some, scope }, less, more, partial) => {
        const before = decide(some, terms(partial), grants(less), scope)
        fc.pre(before.effect === 'allow')
        allowed += 1
        const all = grants({
          permissions: [...less.permissions, ...more.permissions],
          get: [...less.get, ...more.get],
          manage: [...less.manage, ...more.manage],
        })
        expect(decide(some, terms(partial), all, scope)).toMatchObject({ effect: 'allow' })
      }),
      runs,
    )
    expect(allowed).toBeGreaterThan(500)
  })

  it('lets no list outside the grants be sent on, unless a permission supersedes list roles', () => {
    let looked = 0
    fc.assert(
      fc.property(asked, held, mode, ({ rule: some, scope }, has, partial) => {
        const decision = decide(some, terms(partial), grants(has), scope)
        if (decision.effect === 'deny') return
        for (const [index, each] of some.lists.entries()) {
          if (each.in === 'stored' || supersedes(each, has.permissions)) continue
          if (
            each.in !== 'path' &&
            each.fillUnless?.every((one) => (has.permissions as readonly string[]).includes(one))
          )
            continue
          const read = scope.readings[index]
          const before = read?.kind === 'lists' ? read.ids : []
          const place = some.lists.findLastIndex(
            (other, at) =>
              other.in === each.in &&
              'name' in other &&
              other.name === each.name &&
              decision.rewrites.some((rewrite) => rewrite.index === at),
          )
          const sent = decision.rewrites.find((rewrite) => rewrite.index === place)?.ids ?? before
          const granted: readonly number[] = each.need === 'get' ? has.get : has.manage
          looked += 1
          for (const one of sent) if (one !== -1) expect(granted).toContain(one)
        }
      }),
      { numRuns: 16_000 },
    )
    expect(looked).toBeGreaterThan(500)
  })

  it('never allows an unreadable scope, whoever asks', () => {
    fc.assert(
      fc.property(asked, held, mode, fc.nat(), ({ rule: some, scope }, has, partial, at) => {
        fc.pre(some.lists.length > 0)
        const broken = at % some.lists.length
        const readings = scope.readings.map((each, index): Reading | StoredReading =>
          index === broken ? { kind: 'unreadable', why: 'two readings' } : each,
        )
        expect(decide(some, terms(partial), grants(has), { ...scope, readings }).effect).toBe('deny')
      }),
      runs,
    )
  })

  it('never widens an absent scope: the caller’s own lists are put in, or nothing is touched, or it is refused', () => {
    let filled = 0
    fc.assert(
      fc.property(
        fc.constantFrom<Absent>('none', 'fill', 'refuse', 'everywhere'),
        need,
        held,
        mode,
        (absent, kind, has, partial) => {
          const each = inQuery({ absent, need: kind })
          fc.pre(!supersedes(each, has.permissions))
          const decision = decide(rule({ lists: [each] }), terms(partial), grants(has), {
            readings: [{ kind: 'absent' }],
            asked: [],
          })
          if (decision.effect === 'deny') return
          expect(['none', 'fill']).toContain(absent)
          if (absent === 'none') expect(decision).toMatchObject({ lists: 'none', rewrites: [] })
          else {
            filled += 1
            const own = kind === 'get' ? has.get : has.manage
            expect(decision.rewrites).toEqual([{ index: 0, ids: own.length === 0 ? [-1] : own }])
          }
        },
      ),
      runs,
    )
    expect(filled).toBeGreaterThan(100)
  })

  it('denies a caller without credentials everything that is not public', () => {
    fc.assert(
      fc.property(asked, mode, ({ rule: some, scope }, partial) => {
        expect(decide(some, terms(partial), undefined, scope)).toMatchObject({
          effect: 'deny',
          reason: 'credentials-missing',
        })
      }),
      runs,
    )
  })
})
