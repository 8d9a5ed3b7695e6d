/** Readiness, reload and drain. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Problems } from '../../src/model/problem.ts'
import { startGateway } from '../helpers/gateway.ts'

describe('the gateway', () => {
  it('is alive and ready', async () => {
    const { admin } = await startGateway()

    expect(await (await fetch(`${admin}/healthz`)).json()).toEqual({ status: 'success', data: { alive: true } })
    expect(await (await fetch(`${admin}/readyz`)).json()).toEqual({ status: 'success', data: { ready: true } })
  })

  it('finishes what runs while it drains, and says that it is not ready', async () => {
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const slow = createServer((_request, response) => {
      void held.then(() => response.setHeader('content-type', 'application/json').end('{"data":true}'))
    })
    await new Promise<void>((resolve) => void slow.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void slow.close())
    const upstreamUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`
    const running = await startGateway({ upstreamUrl })
    const root = await running.user('root', ['administrator'])
    const arrived = new Promise<void>((resolve) => void slow.once('request', () => resolve()))
    const answer = running.ask(root, 'GET', '/api/lists/3')
    await arrived

    const drained = running.gateway.drain()
    expect((await fetch(`${running.admin}/readyz`)).status).toBe(503)
    release()

    expect((await answer).status).toBe(200)
    expect(await drained).toBe(true)
    await expect(fetch(`${running.url}/api/lists/3`)).rejects.toThrow()
  })

  it('keeps the old configuration when the new one names a policy that is not there', async () => {
    const { gateway, config, policies, ask, user } = await startGateway()
    const [tenant] = config.tenants

    expect(() => gateway.reload({ ...config, tenants: [{ ...tenant, policy: 'ghost' }] }, policies)).toThrow(Problems)
    expect((await ask(await user('root', ['administrator']), 'GET', '/api/lists/3')).status).toBe(200)
  })
})
