/** Every recorded request, asked by every recorded user: the gateway allows what listmonk allows, or says why it does not. */
import { describe, expect, it } from 'vitest'
import { loadPolicies } from '../../src/policy/load.ts'
import {
  compare,
  compareLookedUp,
  didIt,
  excuses,
  isUnchanged,
  readExcuses,
  type Comparison,
  type Excuse,
} from './replay-compare.ts'
import { gatewayOf, grantsOfUser, readWorld } from './replay-gateway.ts'
import { lookUpIn } from './replay-lookup.ts'
import { readRecordings, type Recording } from './recordings.ts'

interface Pair {
  readonly recording: Recording
  readonly user: string
  readonly comparison: Comparison
  /** Only what is stored can tell: compared as if the recorded world had been looked up. */
  readonly waits: boolean
  readonly excuse: Excuse | undefined
  /** Refused by listmonk as a bad request, and sent on in another form. */
  readonly mended: boolean
}

const { policies } = await loadPolicies(new URL('../../policies', import.meta.url).pathname)
const policy = policies.get('listmonk')
if (policy === undefined) throw new Error('policies/listmonk.yaml holds no policy `listmonk`')

const world = readWorld()
// The other rows are about answers, which replay-sockets.*.test.ts compare.
const listed = readExcuses().filter(({ how, sockets }) => how === undefined && sockets === undefined)
const pairs = replayed()

function replayed(): readonly Pair[] {
  const gateway = gatewayOf(policy ?? expect.unreachable())
  const lookUp = lookUpIn(policy ?? expect.unreachable(), world)
  const grants = new Map(world.users.map((user) => [user.username, grantsOfUser(user)]))
  return readRecordings()
    .filter((recording) => !recording.id.startsWith('get-api-profile.auth-')) // forms of credentials: no matter of policy
    .flatMap((recording) => {
      const supers = recording.answers.find(({ users }) => users.includes('super'))
      return recording.answers.flatMap((answer) =>
        answer.users
          .filter((user) => user !== 'disabled_user') // refused before there is a decision
          .map((user): Pair => {
            const held = user === 'anonymous' ? undefined : grants.get(user)
            const outcome = gateway(recording, held)
            const waits = outcome.kind === 'refused' && outcome.waits
            const comparison =
              waits && held !== undefined
                ? compareLookedUp(recording, answer, supers, lookUp(recording, held), world)
                : compare(recording, answer, supers, outcome, world)
            const excuse =
              comparison.kind === 'stricter' ? listed.find((each) => excuses(each, recording, user)) : undefined
            const mended = outcome.kind === 'sent' && !didIt(answer) && !isUnchanged(recording, outcome)
            return { recording, user, comparison, waits, excuse, mended }
          }),
      )
    })
}

const named = ({ recording, user, comparison }: Pair): string =>
  `${recording.id} by ${user}${comparison.kind === 'looser' ? `: ${comparison.why}` : ''}`
const those = (kind: Comparison['kind'], among: readonly Pair[] = pairs): readonly Pair[] =>
  among.filter(({ comparison }) => comparison.kind === kind)

describe('the recordings, replayed against the shipped policy under partial: narrow', () => {
  it('is nowhere looser than listmonk', () => {
    expect(those('looser').map(named)).toEqual([])
  })

  it('has a reason wherever it is stricter', () => {
    const unexplained = those('stricter').filter(({ excuse }) => excuse === undefined)

    expect(unexplained.map(named)).toEqual([])
  })

  it('names no reason that no recording needs', () => {
    const used = new Set(pairs.map(({ excuse }) => excuse))

    expect(listed.filter((excuse) => !used.has(excuse))).toEqual([])
    expect(
      listed.filter(({ reason }) => !/^(?:gaps? \d+|(?:one reading|several lists|sign-in): )/.test(reason)),
    ).toEqual([])
  })

  it('changes a request that listmonk refuses to everybody in a few known ways only', () => {
    expect([...new Set(pairs.filter(({ mended }) => mended).map(({ recording }) => recording.id))].toSorted()).toEqual([
      // An id parameter without a value names nothing and is not sent; what is left is refused by listmonk all the same.
      'delete-api-bounces.empty',
      'delete-api-campaigns.empty',
      'delete-api-subscribers.empty',
      'delete-api-users.empty',
      // Escapes that are none of Go's own are written anew: the path that was judged is the path that is sent.
      'get-api-subscribers.escaped-path',
      // The caller's own lists are put in; what is wrong stays wrong.
      'get-api-subscribers.search-bad',
      // All there is is asked for, and paged here.
      'head-api.api-head',
      'post-api-subscribers-query-delete.bare',
      // gap 1: a body id that listmonk would look for after the update.
      'put-api-subscribers-id.body-id-missing',
    ])
  })

  it('counts each pair once', () => {
    const counts = countsOf(pairs)

    expect(kinds.reduce((sum, kind) => sum + counts.alone[kind] + counts.lookedUp[kind], 0)).toBe(pairs.length)
    expect(pairs.length).toBeGreaterThan(15_000)
    process.stdout.write(process.env['REPLAY_TABLE'] === undefined ? `replay: ${summary(pairs)}\n` : table())
  })
})

const kinds = ['equal', 'stricter', 'looser'] as const
type Counts = Readonly<Record<(typeof kinds)[number], number>>

/** `alone`: the request tells all; `lookedUp`: what is stored had to be known. */
function countsOf(among: readonly Pair[]): { readonly alone: Counts; readonly lookedUp: Counts } {
  const count = (waits: boolean): Counts => {
    const of = (kind: Comparison['kind']): number => those(kind, among).filter((pair) => pair.waits === waits).length
    return { equal: of('equal'), stricter: of('stricter'), looser: of('looser') }
  }
  return { alone: count(false), lookedUp: count(true) }
}

const shown = (counts: Counts): string => kinds.map((kind) => `${kind} ${counts[kind]}`).join(', ')

function summary(among: readonly Pair[]): string {
  const { alone, lookedUp } = countsOf(among)
  return `${shown(alone)}; with look-ups: ${shown(lookedUp)}`
}

/** The figures by route, with REPLAY_TABLE=1. */
function table(): string {
  const byRoute = Object.entries(Object.groupBy(pairs, ({ recording }) => recording.route))
  return `${[...byRoute.map(([route, among = []]) => `${route}: ${summary(among)}`), summary(pairs)].join('\n')}\n`
}
