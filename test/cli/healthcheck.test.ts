import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cliWorld, oneTenant } from './world.ts'

async function adminListener(status: number): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, asked }
}

describe('healthcheck', () => {
  it('asks /readyz at the admin address of the configuration', async () => {
    const { port, asked } = await adminListener(200)
    const { sallyport } = await cliWorld(`${oneTenant}admin: { listen: "0.0.0.0:${port}" }\n`)

    expect(await sallyport(['healthcheck'])).toEqual({ code: 0, out: 'ready\n', err: '' })
    expect(asked).toEqual(['GET /readyz'])
  })

  it('fails with exit code 1 while the gateway is not ready', async () => {
    const { port } = await adminListener(503)
    const { sallyport } = await cliWorld(null)
    const url = `http://127.0.0.1:${port}/readyz`

    expect(await sallyport(['healthcheck', '--url', url])).toEqual({
      code: 1,
      out: '',
      err: `error: ${url} answered 503: the gateway is not ready\n`,
    })
  })

  it('fails with exit code 1 when nobody answers', async () => {
    const { port } = await adminListener(200)
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port: free } = closed.address() as AddressInfo
    closed.close()
    await once(closed, 'close')
    expect(free).not.toBe(port)
    const { sallyport } = await cliWorld(null)

    expect(await sallyport(['healthcheck', '--url', `http://127.0.0.1:${free}/readyz`])).toMatchObject({
      code: 1,
      out: '',
    })
  })
})
