/**
 * 200 MB of JSON cut on their way through the stages forward and respond: half of the items dropped, and of the rest every
 * second list masked. Backend and client are processes of their own: what is measured is the gateway's resident memory.
 * `node bench/filtered-answer.ts [megabytes]`; fails when it grows by more than 50 MB, or something that was to go is there.
 * Most of the growth is V8's young generation: what counts is that it does not follow the size.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cut } from '../src/model/decision.ts'
import { listIdFrom, type ListId } from '../src/model/ids.ts'
import { startBareGateway } from '../test/helpers/bare-gateway.ts'

const [role, url, size] = process.argv.slice(2)
const megabytes = Number(size ?? (/^[0-9]+$/.test(role ?? '') ? role : '200'))
const allowedGrowthMb = 50
const mb = (bytes: number): number => Math.round(bytes / 1024 ** 2)
const print = (line: string): void => void process.stdout.write(`${line}\n`)

const visible: ReadonlySet<ListId> = new Set([listIdFrom(3)].filter((id) => id !== undefined))
const rest = { pages: false, visible, resource: undefined } as const
const cuts: readonly Cut[] = [
  { act: 'keep', path: 'data.results[]', by: 'lists[].id', ...rest },
  { act: 'mask', path: 'data.results[].lists[]', by: 'id', ...rest },
]

if (role === 'backend') backend()
else if (role === 'download') await download(url ?? '')
else await measure()

/** Subscribers as listmonk writes them, about 1 kB each: every second one on list 3, all of them on list 7. */
function itemOf(id: number): string {
  const time = '2026-03-02T08:15:30.4512+00:00'
  const list = (listId: number, name: string): unknown => ({
    ...{ subscription_status: 'unconfirmed', subscription_created_at: time, subscription_updated_at: time },
    ...{ subscription_meta: {}, id: listId, uuid: '0b9f2c1e-5c0a-4d6e-9c55-0f5a3c1d2e77', name, type: 'private' },
    ...{ optin: 'single', status: 'active', tags: ['eu'], description: '', created_at: time, updated_at: time },
  })
  return JSON.stringify({
    ...{ id, created_at: time, updated_at: time, uuid: '6f1f0b9f-2c1e-4c0a-9d6e-9c550f5a3c1d' },
    ...{
      email: `person${id}@example.org`,
      name: `Person ${id}`,
      attribs: { city: 'Pune', age: 40.5 },
      status: 'enabled',
    },
    lists: id % 2 === 0 ? [list(3, 'Alpha'), list(7, 'Epsilon')] : [list(7, 'Epsilon')],
  })
}

function backend(): void {
  const server = createServer((_incoming, response) => void answer(response))
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
}

async function answer(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"data":{"results":[')
  let written = 0
  for (let id = 1; written < megabytes * 1024 ** 2;) {
    let piece = ''
    for (; piece.length < 65_536; id++) piece += (id === 1 ? '' : ',') + itemOf(id)
    written += piece.length
    if (!response.write(piece)) await once(response, 'drain')
  }
  response.end('],"query":"","total":1,"per_page":0,"page":1}}')
}

/** Counts what it must not see and what it must. */
async function download(from: string): Promise<void> {
  const client = request(from)
  client.end()
  const [response] = (await once(client, 'response')) as [AsyncIterable<Buffer>]
  const found = { bytes: 0, wrong: 0, right: 0 }
  let tail = ''
  for await (const chunk of response) {
    found.bytes += chunk.byteLength
    const text = tail + chunk.toString('latin1')
    found.wrong += text.split('"Epsilon"').length - 1
    found.right += text.split('"*Unknown"').length - 1
    tail = text.slice(-8)
  }
  process.send?.(found)
}

async function measure(): Promise<void> {
  const start = (part: string, address = ''): ChildProcess =>
    fork(import.meta.filename, [part, address, String(megabytes)], { execArgv: [] })
  const backendProcess = start('backend')
  const [port] = (await once(backendProcess, 'message')) as [number]
  const gateway = await startBareGateway(`http://127.0.0.1:${port}`, {
    stage: (gate) => {
      if (gate.decision?.effect === 'allow') gate.decision = { ...gate.decision, cuts }
    },
  })
  const idle = process.memoryUsage.rss()
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 5)
  const before = process.cpuUsage()
  const startedAt = performance.now()
  const [found] = (await once(start('download', `${gateway.url}/`), 'message')) as [
    { readonly bytes: number; readonly wrong: number; readonly right: number },
  ]
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(before)
  clearInterval(watch)

  const cpuSeconds = (user + system) / 1e6
  print(`idle ${mb(idle)} MB resident, peak ${mb(peak)} MB`)
  print(
    `${megabytes} MB in, ${mb(found.bytes)} MB out in ${seconds.toFixed(1)} s: ${Math.round(megabytes / seconds)} MB/s, ` +
      `${Math.round(megabytes / cpuSeconds)} MB a CPU second`,
  )
  print(`${found.right} lists masked, ${found.wrong} seen that must not be`)
  await gateway.close()
  backendProcess.kill()
  process.exitCode = mb(peak - idle) > allowedGrowthMb || found.wrong > 0 || found.right === 0 ? 1 : 0
}
