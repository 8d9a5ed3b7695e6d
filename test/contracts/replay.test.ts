/** Every recorded request, asked by every recorded user: the gateway allows what listmonk allows, or says why it does not. */
import { describe, expect, it } from 'vitest'
import { loadPolicies } from '../../src/policy/load.ts'
import { compare, didIt, excuses, isUnchanged, readExcuses, type Comparison, type Excuse } from './replay-compare.ts'
import { gatewayOf, grantsOfUser, readWorld } from './replay-gateway.ts'
import { readRecordings, type Recording } from './recordings.ts'

interface Pair {
  readonly recording: Recording
  readonly user: string
  readonly comparison: Comparison
  readonly excuse: Excuse | undefined
  /** Refused by listmonk as a bad request, and sent on in another form. */
  readonly mended: boolean
}

const { policies } = await loadPolicies(new URL('../../policies', import.meta.url).pathname)
const policy = policies.get('listmonk')
if (policy === undefined) throw new Error('policies/listmonk.yaml holds no policy `listmonk`')

const world = readWorld()
const listed = readExcuses()
const pairs = replayed()

function replayed(): readonly Pair[] {
  const gateway = gatewayOf(policy ?? expect.unreachable())
  const grants = new Map(world.users.map((user) => [user.username, grantsOfUser(user)]))
  return readRecordings()
    .filter((recording) => !recording.id.startsWith('get-api-profile.auth-')) // forms of credentials: no matter of policy
    .flatMap((recording) => {
      const supers = recording.answers.find(({ users }) => users.includes('super'))
      return recording.answers.flatMap((answer) =>
        answer.users
          .filter((user) => user !== 'disabled_user') // refused before there is a decision
          .map((user): Pair => {
            const outcome = gateway(recording, user === 'anonymous' ? undefined : grants.get(user))
            const comparison = compare(recording, answer, supers, outcome, world)
            const excuse =
              comparison.kind === 'stricter' ? listed.find((each) => excuses(each, recording, user)) : undefined
            const mended = outcome.kind === 'sent' && !didIt(answer) && !isUnchanged(recording, outcome)
            return { recording, user, comparison, excuse, mended }
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
    expect(listed.filter(({ reason }) => !/^(?:gaps? \d+|contract \([a-h]\): )/.test(reason))).toEqual([])
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
      'post-api-subscribers-query-delete.bare',
      // gap 1: a body id that listmonk would look for after the update.
      'put-api-subscribers-id.body-id-missing',
    ])
  })

  it('counts each pair once', () => {
    const rows = ['equal', 'stricter', 'looser', 'waits'].map(
      (kind) => [kind, those(kind as Comparison['kind']).length] as const,
    )

    expect(rows.reduce((sum, [, count]) => sum + count, 0)).toBe(pairs.length)
    expect(pairs.length).toBeGreaterThan(15_000)
    process.stdout.write(process.env['REPLAY_TABLE'] === undefined ? `replay: ${summary(rows)}\n` : table(rows))
  })
})

const summary = (rows: readonly (readonly [string, number])[]): string =>
  rows.map(([kind, count]) => `${kind} ${count}`).join(', ')

/** The figures, overall and by route, with REPLAY_TABLE=1. `waits`: decided only by a look-up or a filtered answer. */
function table(rows: readonly (readonly [string, number])[]): string {
  const byRoute = Object.entries(Object.groupBy(pairs, ({ recording }) => recording.route)).map(([route, of = []]) => {
    const [equal, stricter, looser, waits] = (['equal', 'stricter', 'looser', 'waits'] as const).map(
      (kind) => those(kind, of).length,
    )
    return `${String(equal).padStart(6)} ${String(stricter).padStart(8)} ${String(looser).padStart(6)} ${String(waits).padStart(5)}  ${route}`
  })
  return `${[' equal stricter looser waits  route', ...byRoute, summary(rows)].join('\n')}\n`
}
