import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { heldBodies, maxHeldBytes } from '../../src/scope/held-bodies.ts'
import { startGateway, type User } from '../helpers/gateway.ts'

describe('heldBodies', () => {
  it('bounds what one caller has under way, and nobody else', () => {
    const bodies = heldBodies()
    const first = bodies.hold(1, maxHeldBytes - 1)
    expect(bodies.hold(1, 2)).toBe(undefined)
    expect(bodies.hold(1, 1)).toBeTypeOf('function')
    expect(bodies.hold(2, maxHeldBytes)).toBeTypeOf('function')
    first?.()
    first?.()
    expect(bodies.hold(1, maxHeldBytes - 1)).toBeTypeOf('function')
    expect(bodies.hold(1, 1)).toBe(undefined)
  })

  it('takes one body, however large its rule lets it be', () => {
    const bodies = heldBodies()
    expect(bodies.hold(1, 2 * maxHeldBytes)).toBeTypeOf('function')
    expect(bodies.hold(1, 1)).toBe(undefined)
  })

  // Each upload of 64 MiB held as much for a minute: one importer filled the memory with twenty of them.
  it('refuses a caller the third large upload while two are under way', async () => {
    const gateway = await startGateway()
    const importer = await gateway.user('imp', ['importer'], ['alpha team'])
    const other = await gateway.user('oth', ['importer'], ['alpha team'])
    const uploads = [await begin(gateway.url, importer), await begin(gateway.url, importer)]

    const third = await begin(gateway.url, importer)
    expect(await third.answer).toContain('HTTP/1.1 429 ')
    const others = await begin(gateway.url, other)
    for (const upload of uploads) await upload.leave()

    const type = { 'content-type': 'multipart/form-data; boundary=b' }
    const again = async () => (await gateway.ask(importer, 'POST', '/api/import/subscribers', 'x', type)).status
    await expect.poll(again).toBe(400)
    await others.leave()
  })
})

/** An upload of 64 MiB, of which the gateway has asked for the body, or which it has answered. */
async function begin(url: string, { authorization }: User) {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  const head = ['POST /api/import/subscribers HTTP/1.1', 'Host: gateway.test', `Authorization: ${authorization}`]
  const body = ['Content-Type: multipart/form-data; boundary=b', 'Content-Length: 67108864', 'Expect: 100-continue']
  socket.on('error', () => {})
  const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())))
  socket.write([...head, ...body, '', ''].join('\r\n'))
  await answer
  return { answer, leave: () => new Promise<void>((resolve) => socket.once('close', () => resolve()).destroy()) }
}
