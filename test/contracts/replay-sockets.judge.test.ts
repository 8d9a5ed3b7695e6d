/** The judge of the replay can find fault: what is shown or done beyond the recording is looser, what is missing stricter. */
import { describe, expect, it } from 'vitest'
import type { RecordedAnswer, Recording } from './recordings.ts'
import { judge, type Measure } from './replay-sockets-judge.ts'
import type { Seen } from './replay-sockets.ts'

const recording: Recording = {
  id: 'get-api-subscribers.bare',
  route: 'GET /api/subscribers',
  method: 'GET',
  target: '/api/subscribers',
  write: false,
  answers: [],
}
const page = (results: readonly object[], total: number): object => ({ data: { results, total } })
const alpha = { id: 1, email: 'a@example.org', lists: [{ id: 3, name: 'Alpha' }] }
const beta = { id: 2, email: 'b@example.org', lists: [{ id: 4, name: 'Beta' }] }

const recorded = (json: object, more: Partial<RecordedAnswer> = {}): RecordedAnswer => ({
  users: ['u'],
  status: 200,
  json,
  ...more,
})
const against = (answer: RecordedAnswer): Measure => ({
  recording,
  recorded: answer,
  supers: recorded(page([alpha, beta], 2)),
  rowsOnly: false,
})
const seen = (json: object, more: Partial<Seen> = {}, status = 200): Seen => ({
  answer: { status, end: 'whole', headers: {}, text: JSON.stringify(json) },
  code: undefined,
  lists: [],
  reason: undefined,
  effects: undefined,
  mails: undefined,
  ...more,
})

describe('the judge of the replay', () => {
  it('calls the same answer equal, whatever the order of its fields', () => {
    const turned = { email: 'a@example.org', lists: [{ name: 'Alpha', id: 3 }], id: 1 }

    expect(judge(against(recorded(page([alpha], 1))), seen(page([turned], 1)))).toEqual({ kind: 'equal' })
  })

  it.each([
    ['an item more', page([alpha, beta], 1)],
    ['a field more', page([{ ...alpha, name: 'A' }], 1)],
    ['another value', page([{ ...alpha, email: 'b@example.org' }], 1)],
    ['a list more', page([{ ...alpha, lists: [...alpha.lists, ...beta.lists] }], 1)],
    ['the number of all there are', page([alpha], 2)],
  ])('calls %s looser', (_what, json) => {
    expect(judge(against(recorded(page([alpha], 1))), seen(json)).kind).toBe('looser')
  })

  it('calls an answer looser where listmonk refuses the caller and not a super admin', () => {
    const refusal = recorded({ message: 'permission denied' }, { status: 403 })

    expect(judge(against(refusal), seen(page([], 0))).kind).toBe('looser')
    expect(judge(against(refusal), seen({ message: 'not found' }, {}, 400)).kind).toBe('looser')
    expect(judge(against(refusal), seen({ message: 'no' }, { code: 'list-denied' }, 403))).toEqual({ kind: 'equal' })
  })

  it.each([
    ['refused', seen({ message: 'no' }, { code: 'list-denied' }, 403)],
    ['failed', seen({ message: 'no such list' }, {}, 400)],
    ['fewer', seen(page([alpha], 1))],
    ['masked', seen(page([{ ...alpha, lists: [{ id: null, name: '*Unknown', restricted: true }] }, beta], 2))],
  ] as const)('calls it stricter: %s', (how, less) => {
    expect(judge(against(recorded(page([alpha, beta], 2))), less)).toEqual({ kind: 'stricter', how })
  })

  it('calls a row or a mail looser that was not recorded, also in an answer that is an error', () => {
    const row = { table: 'subscribers', op: 'update', key: { id: 1 }, set: { name: 'A' } } as const
    const measure = against(recorded({ data: true }, { effects: [row], mails: [] }))
    const also = { ...row, key: { id: 2 } }

    expect(judge(measure, seen({ data: true }, { effects: [row], mails: [] }))).toEqual({ kind: 'equal' })
    expect(judge(measure, seen({ data: true }, { effects: [], mails: [] }))).toEqual({ kind: 'stricter', how: 'fewer' })
    expect(judge(measure, seen({ message: 'x' }, { effects: [row, also], mails: [] }, 500)).kind).toBe('looser')
    expect(judge(measure, seen({ data: true }, { effects: [row], mails: [['b@example.org', 'Hi']] })).kind).toBe(
      'looser',
    )
  })
})
