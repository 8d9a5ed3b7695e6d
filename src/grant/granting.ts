/** Who makes a list gets access to it in the same step: the answer goes out when the grant is written, or the list is undone. */
import type { Author } from '../model/author.ts'
import { refused, type Failure } from '../model/failure.ts'
import type { ListId, TenantName } from '../model/ids.ts'
import type { ListLedger } from '../model/ports.ts'
import type { Grant } from '../policy/rule.ts'
import { createdId } from './created-id.ts'
import { type Ending, type Hold, unreadableId } from './held-answer.ts'

export interface GrantingParts {
  readonly ledger: ListLedger
  /** Sends the DELETE to the backend; whether the backend says that the list is gone. Never rejects. */
  readonly undo: (target: string) => Promise<boolean>
  /** For the log: what nobody may be left to hear. */
  readonly warn: (facts: object, message: string) => void
}

export interface Maker {
  readonly tenant: TenantName
  readonly name: string
  readonly author: Author
  /** Epoch milliseconds at which the request was sent. */
  readonly sinceMs: number
}

/** A caller whose `_all` permission supersedes list roles is granted the list too: it is theirs when the permission is not any more. */
export function grantingHold(grant: Grant, maker: Maker, { ledger, undo, warn }: GrantingParts): Hold {
  async function settle(ending: Ending): Promise<Failure | undefined> {
    const list = ending.kind === 'answer' ? createdId(ending.body, grant.from) : undefined
    if (list === undefined) {
      const hasAnswer = ending.kind === 'answer' || (ending.status !== undefined && ending.status < 300)
      warn({ tenant: maker.tenant, user: maker.name }, 'a list may have been made that nobody was granted')
      // Without any answer the exchange's own failure says more.
      return hasAnswer
        ? unreadableId(ending.kind === 'failure' ? ending.failure.cause : 'no id in the answer')
        : undefined
    }
    try {
      const access = { get: grant.need.includes('get'), manage: grant.need.includes('manage') }
      const { tenant, name, author, sinceMs } = maker
      await ledger.grantList({ tenant, name }, { list, ...access, until: undefined }, author, sinceMs)
      return undefined
    } catch (cause) {
      return undone(list, cause)
    }
  }

  async function undone(list: ListId, cause: unknown): Promise<Failure> {
    const isUndone = grant.undo !== undefined && (await undo(grant.undo.replace('{id}', String(list))))
    const facts = { tenant: maker.tenant, user: maker.name, list, undone: isUndone, cause: String(cause) }
    warn(facts, 'a list was made and its grant could not be written')
    if (!isUndone) {
      const message = `the list ${list} was made, but nobody was granted it: ask the administrator`
      return refused('internal', { message, details: { lists: [list] }, cause })
    }
    const message = 'the list was made and deleted again: that it is yours could not be written'
    // What is undone may be tried again; else the same call would make a second list.
    return isAway(cause)
      ? refused('store-unavailable', { message, cause, retryAfterSeconds: 1 })
      : refused('internal', { message, cause })
  }

  return { wants: (status) => status >= 200 && status < 300, settle }
}

const isAway = (cause: unknown): boolean => cause instanceof Error && 'kind' in cause && cause.kind === 'unavailable'
