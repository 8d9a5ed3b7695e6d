/** The load: kept-alive sockets that each send the next request when the last answer is whole. Asked over IPC, told over IPC. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { tell, type Ask, type LoadOutcome, type LoadPlan } from './child.ts'
import { userName, userToken } from './users.ts'

const headEnd = Buffer.from('\r\n\r\n')

function requestOf(user: number | undefined): Buffer {
  const credential =
    user === undefined
      ? ''
      : `Authorization: Basic ${Buffer.from(`${userName(user)}:${userToken(user)}`).toString('base64')}\r\n`
  return Buffer.from(
    `GET /api/lists/3 HTTP/1.1\r\nHost: bench.example\r\nAccept: application/json\r\n${credential}\r\n`,
  )
}

/** Bytes of the first answer in `bytes`, head and body, or `undefined` while its head is not whole. */
function answerLength(bytes: Buffer): number | undefined {
  const at = bytes.indexOf(headEnd)
  if (at < 0) return undefined
  const length = /\r\ncontent-length: *([0-9]+)/i.exec(bytes.toString('latin1', 0, at))?.[1]
  if (length === undefined) throw new Error('the benchmark only reads answers with a Content-Length')
  return at + headEnd.length + Number(length)
}

interface Tally {
  /** No request is begun any more; those on their way are still counted. */
  over: boolean
  requests: number
  readonly statuses: Record<string, number>
  readonly micros: number[]
}

/** One connection at work until the tally is over. Rejects when the other side breaks off. */
function work({ port, restMs = 0 }: LoadPlan, next: () => Buffer, tally: Tally, limit: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let pending: Buffer = Buffer.alloc(0)
    let sentAt = 0
    const send = (): void => {
      sentAt = performance.now()
      socket.write(next())
    }
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => (tally.over ? resolve() : reject(new Error('the connection was closed under load'))))
    socket.on('data', (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      const length = answerLength(pending)
      if (length === undefined || pending.length < length) return
      const status = pending.toString('latin1', 9, 12)
      tally.requests++
      tally.statuses[status] = (tally.statuses[status] ?? 0) + 1
      tally.micros.push((performance.now() - sentAt) * 1000)
      pending = pending.subarray(length)
      if (tally.requests >= limit) tally.over = true
      if (tally.over) socket.destroy()
      else if (restMs === 0) send()
      else setTimeout(() => (tally.over ? socket.destroy() : send()), restMs)
    })
  })
}

/** Requests of each caller in turn; made once, since making them costs more than sending them. */
function requestsOf(users: number): readonly Buffer[] {
  return users === 0 ? [requestOf(undefined)] : Array.from({ length: users }, (_, index) => requestOf(index))
}

interface Callers {
  readonly requests: readonly Buffer[]
  /** Whose turn it is; goes on where the last load ended, so that everybody calls. */
  turn: number
}

const known = new Map<number, Callers>()

async function run(plan: LoadPlan): Promise<LoadOutcome> {
  const callers = known.get(plan.users) ?? { requests: requestsOf(plan.users), turn: 0 }
  known.set(plan.users, callers)
  const tally: Tally = { over: false, requests: 0, statuses: {}, micros: [] }
  const next = (): Buffer => callers.requests[callers.turn++ % callers.requests.length] ?? Buffer.alloc(0)

  const from = performance.now()
  const limit = 'requests' in plan.until ? plan.until.requests : Infinity
  const workers = Promise.all(Array.from({ length: plan.connections }, () => work(plan, next, tally, limit)))
  if ('ms' in plan.until) {
    await Promise.race([sleep(plan.until.ms), workers])
    tally.over = true
  }
  await workers
  const elapsedMs = performance.now() - from

  const sorted = tally.micros.sort((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
  return { requests: tally.requests, elapsedMs, statuses: tally.statuses, p50Micros: at(0.5), p99Micros: at(0.99) }
}

process.on('message', (message: Ask) => {
  if (message.ask !== 'load') return
  run(message.plan).then(
    (outcome) => tell({ tell: 'loaded', outcome }),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
tell({ tell: 'listening', port: 0 })
