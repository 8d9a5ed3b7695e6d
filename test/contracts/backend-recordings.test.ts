/**
 * Replays over sockets what a real listmonk was asked by a super admin, and by nobody in particular, and compares status,
 * content type, body with the order of its keys, the headers that were kept, the rows that changed and the mails.
 * Of listmonk's own HTML pages only the title can be compared. Values that cannot repeat must have the right form.
 */
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Backend } from '../../src/demo/backend/server.ts'
import { startBackend } from '../../src/demo/backend/server.ts'
import type { RecordedAnswer, Recording } from './recordings.ts'
import { readRecordings } from './recordings.ts'
import { replay } from './backend-replay.ts'

interface Case {
  readonly name: string
  readonly recording: Recording
  readonly answer: RecordedAnswer
}

const leftOut = parse(readFileSync(new URL('backend-left-out.yaml', import.meta.url), 'utf8')) as Record<string, string>

const casesOf = (user: string): Case[] =>
  readRecordings().flatMap((recording) => {
    const answer = recording.answers.find(({ users }) => users.includes(user))
    const { id, method, target } = recording
    return answer === undefined ? [] : { name: `${id}: ${method} ${target.slice(0, 100)}`, recording, answer }
  })

const isLeftOut = ({ recording }: Case): boolean => recording.id in leftOut
const users = ['super', 'anonymous'] as const
const cases = { super: casesOf('super'), anonymous: casesOf('anonymous') }
/** Held requests of super, counted as they pass. */
const held = { reads: 0, writes: 0 }
let backend: Backend
const unexpected: unknown[] = []

beforeAll(async () => {
  backend = await startBackend({ report: (error) => unexpected.push(error) })
})

afterEach(() => {
  expect(unexpected.splice(0)).toEqual([])
})

afterAll(async () => {
  await backend.close()
  const of = (isWrite: boolean): number => cases.super.filter(({ recording }) => recording.write === isWrite).length
  const out = cases.super.filter(isLeftOut).length
  process.stdout.write(
    `reads held ${held.reads}/${of(false)}, writes held ${held.writes}/${of(true)}, left out ${out}\n`,
  )
})

describe.each(users)('the demo backend asked by %s', (user) => {
  it.each(cases[user].filter((one) => !isLeftOut(one)))('answers as recorded: $name', async ({ recording, answer }) => {
    const { actual, recorded } = await replay(backend, recording, user, answer)

    expect(actual).toEqual(recorded)
    if (user === 'super') held[recording.write ? 'writes' : 'reads']++
  })
})

describe('what the demo backend leaves out', () => {
  // An answer that never begins would have to be waited for.
  const tried = cases.super.filter((one) => isLeftOut(one) && one.answer.error !== 'timeout')

  it.each(tried)('is rightly listed: $name', async ({ recording, answer }) => {
    const { actual, recorded } = await replay(backend, recording, 'super', answer)

    expect(actual).not.toEqual(recorded)
  })

  it('names only requests that were recorded, each with a reason', () => {
    const ids = new Set(cases.super.map(({ recording }) => recording.id))

    expect(Object.keys(leftOut).filter((id) => !ids.has(id))).toEqual([])
    expect(Object.entries(leftOut).filter(([, reason]) => typeof reason !== 'string' || reason === '')).toEqual([])
  })

  it('is at most a tenth of the reads and three twentieths of the writes', () => {
    const share = (isWrite: boolean): number => {
      const all = cases.super.filter(({ recording }) => recording.write === isWrite)
      return all.filter(isLeftOut).length / all.length
    }

    expect(share(false)).toBeLessThanOrEqual(0.1)
    expect(share(true)).toBeLessThanOrEqual(0.15)
  })
})
