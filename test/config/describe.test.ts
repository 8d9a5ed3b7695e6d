import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { describeConfig } from '../../src/config/describe.ts'
import { loadConfig } from '../../src/config/load.ts'
import { folderWith } from '../helpers/folder.ts'

const yaml = `listen: "[::1]:8443"
tls: { cert_file: c.pem, key_file: k.pem }
upstream:
  url: https://back:9000
  credential: { user: gw, token: "\${T}", scheme: basic }
  host: lists.example.org
  ca_file: c.pem
  insecure_skip_verify: true
  timeouts: { connect: 1500ms, body: none }
  retry: { wait: none }
  health: { path: /health, status: ["200", "301-302"], breaker: { open: 250ms } }
tenants:
  - { name: a, hosts: [a.example.org], partial: narrow, auth: { unauthenticated_status: 401, api_key: true } }
  - { name: b, hosts: [b.example.org, b.example.net], plan: large, upstream: { credential: caller, urls: ["https://b1", "https://b2:9"] } }
trusted_proxies: [10.0.0.0/8]
drain: { delay: 5s }
`

describe('describeConfig', () => {
  it('shows several members as such', async () => {
    const cwd = await folderWith({ 'sallyport.yaml': yaml, 'c.pem': '', 'k.pem': '', 'policies/x': '' })
    const described = describeConfig(await loadConfig({ env: { T: 'hunter2' }, cwd }))

    const [, second] = described['tenants'] as readonly { readonly upstream: Record<string, unknown> }[]
    expect([second?.upstream['url'], second?.upstream['urls']]).toEqual([undefined, ['https://b1', 'https://b2:9']])
  })

  it('shows every tenant in the words of the file, the token masked', async () => {
    const cwd = await folderWith({ 'sallyport.yaml': yaml, 'c.pem': '', 'k.pem': '', 'policies/x': '' })
    const described = describeConfig(await loadConfig({ env: { T: 'hunter2' }, cwd }))

    expect(described['listen']).toBe('[::1]:8443')
    expect((described['tenants'] as unknown[])[0]).toEqual({
      name: 'a',
      hosts: ['a.example.org'],
      upstream: {
        url: 'https://back:9000',
        credential: { user: 'gw', token: '***', scheme: 'basic' },
        host: 'lists.example.org',
        ca_file: join(cwd, 'c.pem'),
        insecure_skip_verify: true,
        connections: 64,
        timeouts: { connect: '1500ms', headers: '30s', body: '0s', total: '90s', idle: '2m' },
        in_flight: 256,
        queue: { size: 256, wait: '1s' },
        retry: { budget: 10, wait: '0s', held: 1024 },
        health: {
          path: '/health',
          interval: '5s',
          timeout: '2s',
          healthy: 2,
          unhealthy: 3,
          status: ['200', '301-302'],
          breaker: { connect_failures: 5, failures: 50, requests: 20, window: '10s', open: '250ms' },
        },
      },
      policy: 'listmonk',
      partial: 'narrow',
      plan: 'default',
      contract: 'backend',
      timezone: '+00:00',
      auth: { unauthenticated_status: 401, realm: 'sallyport', bearer: false, api_key: true },
    })
  })

  it('is a file that means the same, once the token is there again', async () => {
    const cwd = await folderWith({ 'sallyport.yaml': yaml, 'c.pem': '', 'k.pem': '', 'policies/x': '' })
    const config = await loadConfig({ env: { T: 'hunter2' }, cwd })
    const again = await folderWith({
      'again.yaml': stringify(describeConfig(config)).replaceAll(/token: .*/g, 'token: "${T}"'),
    })
    const second = await loadConfig({ env: { T: 'hunter2' }, cwd: again, file: 'again.yaml' })

    expect({ ...second, file: config.file }).toEqual(config)
  })
})
