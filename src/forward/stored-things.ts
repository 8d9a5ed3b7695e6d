/**
 * Stored things looked up at the backend: which lists a subscriber or a campaign is on. Nothing is kept: only look-ups that
 * are under way are shared, and none that a write overtook.
 */
import type { UpstreamConfig } from '../config/config.ts'
import type { Tenant } from '../context.ts'
import { type Failure, refused } from '../model/failure.ts'
import type { ListId } from '../model/ids.ts'
import { isObject, parseJson } from '../model/json.ts'
import type { Asker, FlatHeaders, StoredThings, ThingKind, Upstream } from '../model/ports.ts'
import { writePath, writeTarget } from '../model/target.ts'
import { readAnswer, type WholeAnswer } from './read-answer.ts'
import { callerFor } from './own-request.ts'
import { type CompiledHeaders, compileHeaders, outgoingHeaders } from './request-headers.ts'
import { type StoredLists, storedListsReader } from './stored-lists.ts'

export interface LookUps extends StoredThings<Tenant> {
  /**
   * Something is being written through this tenant, or was: look-ups that began before are not joined any more, those of
   * other tenants of the same backend neither.
   */
  noteWrite(tenant: Tenant): void
}

type Found = readonly ListId[] | undefined

interface Looking {
  readonly found: Promise<Found>
  /** How many writes the backend had been sent when it began. */
  readonly writes: number
}

const maxAnswerBytes = 1024 * 1024
/** Of a thing itself, which is not held: a campaign of 8 MiB with its characters escaped. */
const maxReadBytes = 64 * 1024 * 1024
const maxLoggedBytes = 4096
/** Look-ups of one call that run at once. */
const parallel = 8

export function createLookUps(): LookUps {
  const underWay = new WeakMap<Upstream, Map<string, Looking>>()
  // By origin: as many as there are members of backends. Those of one backend share what is stored.
  const writesTo = new Map<string, number>()
  const compiled = new WeakMap<UpstreamConfig, CompiledHeaders>()

  const writesToAll = ({ urls }: UpstreamConfig): number =>
    urls.length === 1 ? (writesTo.get(urls[0]) ?? 0) : urls.reduce((sum, url) => sum + (writesTo.get(url) ?? 0), 0)

  function headersFor(config: UpstreamConfig, asker: Asker): FlatHeaders {
    const known = compiled.get(config) ?? compileHeaders(config)
    compiled.set(config, known)
    const made = outgoingHeaders(known, callerFor(asker))
    // Unreachable: a look-up begins here, so no `Via` names us.
    if (made.kind === 'loop') throw refused('upstream-protocol', { proxyError: 'proxy_loop_detected' })
    return made.headers
  }

  async function lookUp(tenant: Tenant, kind: ThingKind, key: string, asker: Asker): Promise<Found> {
    const target = lookUpTarget(kind.from, key)
    const headers = headersFor(tenant.config.upstream, asker)
    const deadlineMs = asker.timeoutMs === 0 ? undefined : asker.timeoutMs
    const request = { method: 'GET', target, headers, body: undefined, deadlineMs }
    const reader = storedListsReader(kind.lists)
    const reading = { write: (chunk: Buffer) => reader.write(chunk), maxBytes: maxReadBytes }
    return listsIn(
      await readAnswer(tenant.upstream, request, maxAnswerBytes, reading),
      () => reader.end(),
      kind,
      tenant,
    )
  }

  function shared(tenant: Tenant, kind: ThingKind, key: string, asker: Asker): Promise<Found> {
    const known = underWay.get(tenant.upstream) ?? new Map<string, Looking>()
    underWay.set(tenant.upstream, known)
    const writes = writesToAll(tenant.config.upstream)
    const shown = tenant.config.upstream.credential.kind === 'caller' ? asker.authorization : undefined
    const id = JSON.stringify([kind, key, shown])
    const same = known.get(id)
    if (same?.writes === writes) return same.found
    const looking = { found: lookUp(tenant, kind, key, asker), writes }
    const forget = (): void => void (known.get(id) === looking && known.delete(id))
    known.set(id, looking)
    looking.found.then(forget, forget)
    return looking.found
  }

  return {
    async listsOf(tenant, kind, keys, asker) {
      const found = new Map<string, Found>()
      const waiting = new Set(keys).values()
      let isOver = false
      const work = async (): Promise<void> => {
        for (const key of waiting) {
          if (isOver) return
          found.set(key, await shared(tenant, kind, key, asker))
        }
      }
      try {
        await Promise.all(Array.from({ length: Math.min(parallel, keys.length) }, work))
      } finally {
        isOver = true
      }
      return found
    },
    noteWrite({ config }) {
      for (const url of config.upstream.urls) writesTo.set(url, (writesTo.get(url) ?? 0) + 1)
    },
  }
}

/** The target of a resource with `key` in its place; whatever stands in the key is escaped, and never leaves that place. */
function lookUpTarget(from: string, key: string): string {
  const fill = (text: string): string => decodeURIComponent(text).replaceAll(/\{(?:id|email)\}/g, () => key)
  const [path = '', query] = from.split(/\?(.*)/s)
  const pairs = query === undefined ? [] : query.split('&').map((pair) => pair.split(/=(.*)/s).map(fill))
  return writeTarget(
    writePath(path.slice(1).split('/').map(fill)),
    pairs.map(([name = '', value = '']) => [name, value] as const),
  )
}

function listsIn(
  answer: WholeAnswer,
  listsRead: () => StoredLists,
  kind: ThingKind,
  { policy, config }: Tenant,
): Found {
  const { status, body } = answer
  const isCallersOwn = config.upstream.credential.kind === 'caller'
  const rule = policy.credentialRefused
  // Before `absent`: a refusal of the gateway itself says nothing of the thing.
  if (!isCallersOwn && rule?.status.includes(status) === true && rule.messages.includes(messageIn(body) ?? '')) {
    throw refused('upstream-credential', { cause: said(kind, answer) })
  }
  if (kind.absent.includes(status)) return undefined
  // Where the backend judges callers itself, what it keeps from this one is not within reach.
  if (isCallersOwn && status === 403) return undefined
  if (status !== 200) throw failureOf(kind, answer)
  const lists = listsRead()
  switch (lists.kind) {
    case 'lists':
      return lists.ids
    case 'absent':
      return undefined
    case 'unreadable':
      throw refused('upstream-protocol', { cause: `the look-up of a ${kind.name} is unreadable: ${lists.why}` })
  }
}

function messageIn(body: Buffer): string | undefined {
  const reading = parseJson(body)
  const message = reading.kind === 'value' && isObject(reading.value) ? reading.value['message'] : undefined
  return typeof message === 'string' ? message : undefined
}

/** Nothing is judged by an answer like this: the request ends as one whose backend failed. */
function failureOf(kind: ThingKind, answer: WholeAnswer): Failure {
  const { status } = answer
  const cause = said(kind, answer)
  if (status === 401 || status === 403) return refused('upstream-credential', { cause })
  if (status === 502 || status === 504) return refused('upstream-unavailable', { status, cause })
  if (status === 503 || status === 429) return refused('upstream-unavailable', { cause })
  return refused('backend-error', { status: 502, cause })
}

/** For the log only: it may hold rows and secrets. */
const said = (kind: ThingKind, { status, body }: WholeAnswer): string =>
  `the look-up of a ${kind.name}: status ${status}: ${body.subarray(0, maxLoggedBytes).toString('utf8')}`
