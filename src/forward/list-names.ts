/** The lists of a tenant's backend, by id and name: for people who grant them. Asked with the gateway's own credential. */
import type { Tenant } from '../context.ts'
import { refused } from '../model/failure.ts'
import { listIdFrom, type ListId } from '../model/ids.ts'
import type { Asker } from '../model/ports.ts'
import type { ListNames } from '../policy/list-names.ts'
import { callerFor } from './own-request.ts'
import { readAnswer } from './read-answer.ts'
import { compileHeaders, outgoingHeaders } from './request-headers.ts'

export interface NamedList {
  readonly id: ListId
  readonly name: string
}

/** Some 50,000 lists of listmonk's. */
const maxAnswerBytes = 32 * 1024 * 1024

/** In the order of names; `undefined` where the policy knows no way to ask. Rejects with a Failure when the backend does not say. */
export async function askListNames(tenant: Tenant, asker: Asker): Promise<readonly NamedList[] | undefined> {
  const { names } = tenant.policy
  if (names === undefined) return undefined
  const made = outgoingHeaders(compileHeaders(tenant.config.upstream), callerFor(asker))
  if (made.kind === 'loop') throw refused('upstream-protocol', { proxyError: 'proxy_loop_detected' })
  const request = { method: 'GET', target: names.from, headers: made.headers, body: undefined, deadlineMs: 10_000 }
  const { status, body } = await readAnswer(tenant.upstream, request, maxAnswerBytes)
  if (status === 401 || status === 403) throw refused('upstream-credential', { cause: `status ${status}` })
  const found = status === 200 ? listsIn(body, names) : undefined
  if (found === undefined) throw refused('upstream-protocol', { cause: `the names of lists: status ${status}` })
  return found.toSorted((one, other) => one.name.localeCompare(other.name) || one.id - other.id)
}

/** `undefined` where it is not what was expected. What is no list is passed over. */
function listsIn(body: Buffer, { items, id, name }: ListNames): readonly NamedList[] | undefined {
  const found = itemsAt(parsed(body), items.split('.'))
  return found?.flatMap((item) => {
    const fields = item as Readonly<Record<string, unknown>> | null
    const list = listIdFrom(fields?.[id])
    const called = fields?.[name]
    return list === undefined ? [] : [{ id: list, name: typeof called === 'string' ? called : '' }]
  })
}

function itemsAt(value: unknown, [first = '', ...rest]: readonly string[]): readonly unknown[] | undefined {
  const key = first.replace(/\[\]$/, '')
  const inner = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
  if (rest.length > 0) {
    // listmonk answers a bare list where there is nothing.
    return Array.isArray(inner) && inner.length === 0 ? [] : itemsAt(inner, rest)
  }
  return Array.isArray(inner) ? inner : undefined
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
