/** What `sallyport.yaml` says of failing backends and of the process's own end. */
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { Problems } from '../../src/model/problem.ts'
import { folderWith } from '../helpers/folder.ts'

async function load(yaml: string, env: Readonly<Record<string, string>> = {}) {
  const cwd = await folderWith({ 'policies/limits.yaml': '', 'sallyport.yaml': yaml })
  return loadConfig({ env: { T: 'tok', ...env }, cwd })
}

async function mistakes(yaml: string, env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const error: unknown = await load(yaml, env).catch((reason: unknown) => reason)
  if (!(error instanceof Problems)) throw new Error('the load did not end in Problems', { cause: error })
  return error.message.split('\n')
}

describe('members', () => {
  it('are those of `urls`, or the one of `url`', async () => {
    const one = await load('upstream: { url: "http://b:1/" }')
    const two = await load('upstream: { urls: ["http://b:1", "HTTP://C:2"] }')
    expect([one, two].map(({ tenants }) => tenants[0].upstream.urls)).toEqual([
      ['http://b:1'],
      ['http://b:1', 'http://c:2'],
    ])
  })

  it('come from the environment too, and what has the higher precedence takes the place of the other key', async () => {
    const urls = await load('upstream: { url: "http://b:1" }', { SALLYPORT_UPSTREAM_URLS: 'http://c:1, http://d:1' })
    const url = await load('upstream: { urls: ["http://b:1"] }', { SALLYPORT_UPSTREAM_URL: 'http://e:1' })
    expect([urls, url].map(({ tenants }) => tenants[0].upstream.urls)).toEqual([
      ['http://c:1', 'http://d:1'],
      ['http://e:1'],
    ])
  })

  it('of a tenant take the place of those at the top, whichever key names them', async () => {
    const { tenants } = await load(
      [
        'upstream: { url: "http://b:1", timeouts: { total: 10s } }',
        'tenants:',
        '  - { name: a, hosts: [a.test], upstream: { urls: ["http://c:1", "http://d:1"], health: { breaker: { open: 2s } } } }',
        '  - { name: b, hosts: [b.test] }',
      ].join('\n'),
    )
    expect(tenants.map(({ upstream }) => [upstream.urls, upstream.totalTimeoutMs, upstream.breaker.openMs])).toEqual([
      [['http://c:1', 'http://d:1'], 10_000, 2_000],
      [['http://b:1'], 10_000, 1_000],
    ])
  })

  it.each([
    [
      'upstream:\n  url: http://b:1\n  urls: [http://c:1]\n',
      'sallyport.yaml:3: upstream.urls: stands beside `url` - keep one of them: `urls` names all members',
    ],
    [
      'upstream:\n  urls: []\n',
      'sallyport.yaml:2: upstream.urls: holds 0 of at least 1 - name an origin: http or https, a host, a port, no path and no user, or remove the key',
    ],
    [
      'upstream:\n  urls:\n    - http://b:1\n    - http://B:1/\n',
      'sallyport.yaml:4: upstream.urls[1]: `http://b:1` stands here twice - keep one of them',
    ],
    [
      'upstream:\n  urls:\n    - http://b:1\n    - http://b:1/path\n',
      'sallyport.yaml:4: upstream.urls[1]: what is given is not an origin: http or https, a host, a port, no path and no user - write for example `http://127.0.0.1:9000`',
    ],
    [
      'upstream: { url: "http://s:1", credential: { user: gw, token_env: T } }\ntenants:\n  - name: a\n    upstream:\n      urls: [http://e:1]\n',
      'sallyport.yaml:5: tenants[0].upstream.urls: is a url of its own without a credential of its own - add `credential`: that of the top level is not sent to another url',
    ],
  ])('%j is a mistake', async (yaml, said) => {
    expect(await mistakes(yaml)).toEqual([said])
  })

  it('never shows a member with a password in a message', async () => {
    const said = await mistakes('upstream:\n  urls: ["http://user:hunter2@b:1"]\n')
    expect(said.join()).not.toContain('hunter2')
  })
})

describe('health', () => {
  it('asks nothing without a path, and with one as it says', async () => {
    const silent = await load('upstream: { url: "http://b:1", health: { interval: 1s } }')
    const asking = await load(
      'upstream: { url: "http://b:1", health: { path: /health, interval: 1s, timeout: 250ms, healthy: 1, unhealthy: 9, status: ["200", "300-399"] } }',
    )
    expect(silent.tenants[0].upstream.probe).toBeUndefined()
    expect(asking.tenants[0].upstream.probe).toEqual({
      path: '/health',
      intervalMs: 1_000,
      timeoutMs: 250,
      healthy: 1,
      unhealthy: 9,
      statuses: [
        { first: 200, last: 200 },
        { first: 300, last: 399 },
      ],
    })
  })

  it('reads breaker, retry, queue and cap, none for no waiting', async () => {
    const { tenants } = await load(
      [
        'upstream:',
        '  url: http://b:1',
        '  in_flight: 9',
        '  queue: { size: 8, wait: 7ms }',
        '  retry: { budget: 6, wait: none, held: 5 }',
        '  health: { breaker: { connect_failures: 4, failures: 3, requests: 2, window: 1m, open: 10ms } }',
      ].join('\n'),
    )
    expect(tenants[0].upstream).toMatchObject({
      inFlight: 9,
      queue: { size: 8, waitMs: 7 },
      retry: { budgetPercent: 6, waitMs: 0, held: 5 },
      breaker: { connectFailures: 4, failurePercent: 3, minRequests: 2, windowMs: 60_000, openMs: 10 },
    })
  })

  it.each([
    [
      'status: ["600"]',
      'upstream.health.status[0]: `600` is not a status or a range - write for example `200` or `200-399`',
    ],
    [
      'status: ["399-200"]',
      'upstream.health.status[0]: `399-200` is not a status or a range - write for example `200` or `200-399`',
    ],
    ['status: [200]', 'upstream.health.status[0]: `200` is a number, not a status or a range - put it in quotes'],
    ['path: health', 'upstream.health.path: `health` is not a path - write for example `/health`'],
    [
      'breaker: { failures: 101 }',
      'upstream.health.breaker.failures: `101` is not a whole number from 1 to 100 - write a whole number from 1 to 100',
    ],
    [
      'breaker: { opens: 1s }',
      'upstream.health.breaker.opens: the key `opens` is not known here - did you mean `open`?',
    ],
  ])('%s is a mistake', async (words, said) => {
    expect(await mistakes(`upstream:\n  url: http://b:1\n  health: { ${words} }\n`)).toEqual([
      `sallyport.yaml:3: ${said}`,
    ])
  })
})

describe('server.shed', () => {
  it('can be changed, and its lag be switched off', async () => {
    const { server } = await load(
      'upstream: { url: "http://b:1" }\nserver: { shed: { lag: none, heap: 100, after: 3s } }',
    )
    expect(server.shed).toEqual({ lagMs: 0, heapPercent: 100, afterMs: 3_000 })
  })
})
