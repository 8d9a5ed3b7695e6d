/** `kill -9` in the middle of making or deleting a list, on a real process: nothing is left granted that should not be. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../src/store/store.ts'
import { cliWorld, shippedPolicies, type CliWorld } from '../cli/world.ts'
import { defaultTenant, systemClock } from '../helpers/gateway.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

interface Process {
  readonly url: string
  kill(): Promise<void>
}

/** `sallyport serve` in the folder of `world`, ready. */
async function serve({ folder }: CliWorld): Promise<Process> {
  const child = spawn(process.execPath, [main, 'serve'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await closed
  }
  onTestFinished(kill)
  let text = ''
  for await (const chunk of child.stdout) {
    text += String(chunk)
    const [, url] = /"data":"([^"]+)"/.exec(text) ?? []
    if (url === undefined) continue
    child.stdout.resume()
    return { url, kill }
  }
  throw new Error(text)
}

/** A backend in whose answer the gateway may die. */
async function backend(say: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    say(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const config = (url: string): string =>
  [
    'listen: "127.0.0.1:0"',
    'admin: { listen: "127.0.0.1:0" }',
    `policies: ${JSON.stringify(shippedPolicies)}`,
    `upstream: { url: ${JSON.stringify(url)}, credential: none }`,
    '',
  ].join('\n')

async function userOf(world: CliWorld, role: readonly string[]): Promise<string> {
  expect(await world.sallyport(['user', 'add', 'ben', ...role])).toMatchObject({ code: 0 })
  const { out } = await world.sallyport(['token', 'new', 'ben', '--expires', '36500d', '--output', 'json'])
  return `token ben:${(JSON.parse(out) as { readonly token: string }).token}`
}

const storeIn = async ({ folder }: CliWorld) => {
  const store = await openStore({ file: join(folder, 'sallyport.db'), clock: systemClock })
  onTestFinished(() => store.close())
  return store
}

describe('a gateway that is killed', () => {
  it('while the backend deletes a list, has withheld every grant on it before', async () => {
    const world = await cliWorld(null)
    const asked = Promise.withResolvers<void>()
    const url = await backend(() => asked.resolve())
    await world.write('sallyport.yaml', config(url))
    const authorization = await userOf(world, ['--role', 'editor', '--list-role', 'alpha team'])
    await world.sallyport(['user', 'grant', 'ben', '--list', '3', '--get'])
    const running = await serve(world)

    const asking = fetch(`${running.url}/api/lists/3`, { method: 'DELETE', headers: { authorization } })
    const answer = asking.catch((error: unknown) => error)
    await asked.promise
    await running.kill()
    expect(await answer).toBeInstanceOf(Error)

    const store = await storeIn(world)
    expect(await store.listRetired()).toMatchObject([{ list: 3, state: 'unsure' }])
    expect((await store.find(defaultTenant, 'ben'))?.listGrants).toEqual([])
  })

  it('between the making of a list and its grant, leaves a list that nobody was granted', async () => {
    const world = await cliWorld(null)
    const asked = Promise.withResolvers<void>()
    const url = await backend((response) => {
      // The id never comes: what is written after it cannot have been.
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":{"id":1')
      asked.resolve()
    })
    await world.write('sallyport.yaml', config(url))
    const authorization = await userOf(world, ['--role', 'administrator'])
    const running = await serve(world)

    const headers = { authorization, 'content-type': 'application/json' }
    const asking = fetch(`${running.url}/api/lists`, { method: 'POST', headers, body: '{"name":"x"}' })
    const answer = asking.catch((error: unknown) => error)
    await asked.promise
    await running.kill()
    expect(await answer).toBeInstanceOf(Error)

    const store = await storeIn(world)
    expect((await store.find(defaultTenant, 'ben'))?.listGrants).toEqual([])
  })
})
