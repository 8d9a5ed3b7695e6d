/**
 * 1 GB up and 1 GB down through the stages forward and respond, the backend and the client in processes of their own:
 * what is measured is the gateway's resident memory. `node bench/large-bodies.ts` fails when it passes 150 MB;
 * `node bench/large-bodies.ts 4` streams 4 GB, for which the bar is the same.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startBareGateway } from '../test/helpers/bare-gateway.ts'

const [role, url, size] = process.argv.slice(2)
const gigabytes = Number(size ?? (/^[0-9]+$/.test(role ?? '') ? role : '1'))
const total = gigabytes * 1024 ** 3
const piece = Buffer.alloc(65_536, 7)
const allowedMb = 150
const mb = (bytes: number): number => Math.round(bytes / 1024 ** 2)
const print = (line: string): void => void process.stdout.write(`${line}\n`)

if (role === 'backend') backend()
else if (role === 'upload') await upload(url ?? '')
else if (role === 'download') await download(url ?? '')
else await measure()

function backend(): void {
  const server = createServer((incoming, response) => void answer(incoming, response))
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
}

async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  let count = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) count += chunk.byteLength
  if (incoming.method === 'POST') {
    response.end(String(count))
    return
  }
  response.writeHead(200, { 'content-length': total })
  for (let left = total; left > 0; left -= piece.byteLength) {
    if (!response.write(piece)) await once(response, 'drain')
  }
  response.end()
}

async function upload(to: string): Promise<void> {
  const client = request(to, { method: 'POST', headers: { 'content-length': total } })
  const answered = once(client, 'response')
  for (let left = total; left > 0; left -= piece.byteLength) {
    if (!client.write(piece)) await once(client, 'drain')
  }
  client.end()
  const [response] = (await answered) as [AsyncIterable<Buffer>]
  let text = ''
  for await (const chunk of response) text += chunk.toString()
  process.send?.(Number(text))
}

async function download(from: string): Promise<void> {
  const client = request(from)
  client.end()
  const [response] = (await once(client, 'response')) as [AsyncIterable<Buffer>]
  let count = 0
  for await (const chunk of response) count += chunk.byteLength
  process.send?.(count)
}

async function measure(): Promise<void> {
  const self = import.meta.filename
  const start = (part: string, address = ''): ChildProcess => fork(self, [part, address, String(gigabytes)])
  const backendProcess = start('backend')
  const [port] = (await once(backendProcess, 'message')) as [number]
  const gateway = await startBareGateway(`http://127.0.0.1:${port}`)
  const idle = process.memoryUsage.rss()
  print(`idle: ${mb(idle)} MB resident`)

  let isOver = false
  for (const direction of ['upload', 'download']) {
    let peak = 0
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss())
    }, 20)
    const startedAt = performance.now()
    const [count] = (await once(start(direction, `${gateway.url}/`), 'message')) as [number]
    clearInterval(watch)
    const seconds = (performance.now() - startedAt) / 1000
    const isWhole = count === total
    isOver ||= !isWhole || mb(peak) > allowedMb
    print(
      `${direction}: ${isWhole ? 'whole' : `only ${count} bytes`}, ${seconds.toFixed(1)} s, ${mb(total / seconds)} MB/s, peak ${mb(peak)} MB resident`,
    )
  }
  await gateway.close()
  backendProcess.kill()
  process.exitCode = isOver ? 1 : 0
}
