import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createConnector, type Connector } from '../../src/forward/connector.ts'
import { hangs, startUpstream } from '../helpers/upstream.ts'
import { upstreamConfig } from '../helpers/upstream-config.ts'

const connectorTo = (url: string): Connector => createConnector(url, upstreamConfig(url), undefined)

const open = (connector: Connector): Promise<Socket | Error> =>
  new Promise((resolve) => {
    connector.open((error, socket) => resolve(socket ?? error ?? new Error('neither')))
  })

/** A process of its own that does this with each connection; it goes on while this one does not. */
async function startServer(onConnection: string): Promise<string> {
  const program = `const server = require('node:net').createServer((wire) => { wire.on('error', () => {}); ${onConnection} })
server.listen(0, '127.0.0.1', () => require('node:fs').writeSync(1, String(server.address().port)))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return `http://127.0.0.1:${port.toString()}`
}

/** The kernel makes the connection meanwhile, and the other side does what it does. */
async function standStill(): Promise<void> {
  // Node connects a tick after it is told to.
  await new Promise((resolve) => process.nextTick(resolve))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
}

it('opens a connection on which nothing was said yet', async () => {
  const backend = await startUpstream(hangs)
  onTestFinished(() => backend.close())
  const socket = await open(connectorTo(backend.url))

  expect(socket).toMatchObject({ destroyed: false, readableLength: 0 })
  if (!(socket instanceof Error)) socket.destroy()
})

it('F26: what is there before anything was asked ends the connection', async () => {
  const url = await startServer("wire.write('HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n')")
  const opening = open(connectorTo(url))
  await standStill()

  expect(await opening).toMatchObject({ message: 'the backend spoke before it was asked', code: 'ERR_SPOKE_FIRST' })
})

it('F04: a connection that is closed as it was made was never open', async () => {
  const url = await startServer('wire.end()')
  const opening = open(connectorTo(url))
  await standStill()

  expect(await opening).toMatchObject({ code: 'ECONNRESET' })
})

it('F05: nor was one that is reset', async () => {
  const url = await startServer('wire.resetAndDestroy()')
  const opening = open(connectorTo(url))
  await standStill()

  expect(await opening).toMatchObject({ code: 'ECONNRESET' })
})

it('says why none comes about', async () => {
  const backend = await startUpstream(hangs)
  await backend.close()

  expect(await open(connectorTo(backend.url))).toMatchObject({ code: 'ECONNREFUSED' })
})

it('calls nobody back once it was given up, before and after the connection stands', async () => {
  const backend = await startUpstream(hangs)
  onTestFinished(() => backend.close())
  let calls = 0
  const count = (): void => void calls++
  connectorTo(backend.url).open(count)()
  const giveUp = connectorTo(backend.url).open(count)
  await new Promise((resolve) => setImmediate(resolve))
  giveUp()
  const last = await open(connectorTo(backend.url))
  if (!(last instanceof Error)) last.destroy()
  await expect.poll(() => backend.connections.every(({ destroyed }) => destroyed)).toBe(true)

  expect(calls).toBe(0)
})
