import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeConfig } from '../../src/config/describe.ts'
import { loadConfig, type LoadOptions } from '../../src/config/load.ts'
import { Problems } from '../../src/model/problem.ts'
import { folderWith } from '../helpers/folder.ts'

const policies = { 'policies/limits.yaml': '' }
const minimal = 'upstream: { url: "http://127.0.0.1:9000" }\n'

async function load(yaml: string | undefined, options: Partial<LoadOptions> = {}, files: Record<string, string> = {}) {
  const cwd = await folderWith({ ...policies, ...files, ...(yaml === undefined ? {} : { 'sallyport.yaml': yaml }) })
  return { cwd, config: await loadConfig({ env: {}, cwd, ...options }) }
}

/** The messages of a load that must fail. */
async function mistakes(
  yaml: string | undefined,
  options: Partial<LoadOptions> = {},
  files: Record<string, string> = {},
) {
  const error: unknown = await load(yaml, options, files).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Problems)) throw new Error('the load did not end in Problems', { cause: error })
  return error.message.split('\n')
}

describe('loadConfig', () => {
  it('fills in every default', async () => {
    const { cwd, config } = await load(minimal)

    expect(config).toEqual({
      file: join(cwd, 'sallyport.yaml'),
      listen: { host: '127.0.0.1', port: 8080 },
      tls: undefined,
      admin: {
        listen: { host: '127.0.0.1', port: 8081 },
        tls: undefined,
        publicUrl: undefined,
        keyFile: join(cwd, 'sallyport.key'),
        sessionLifetimeMs: 43_200_000,
        oidc: undefined,
      },
      policies: join(cwd, 'policies'),
      store: { file: join(cwd, 'sallyport.db') },
      tenants: [
        {
          name: 'default',
          hosts: [],
          upstream: {
            urls: ['http://127.0.0.1:9000'],
            credential: { kind: 'none' },
            host: undefined,
            caFile: undefined,
            verifyTls: true,
            connections: 64,
            connectTimeoutMs: 2000,
            headersTimeoutMs: 30_000,
            bodyTimeoutMs: 60_000,
            totalTimeoutMs: 90_000,
            idleTimeoutMs: 120_000,
            inFlight: 256,
            queue: { size: 256, waitMs: 1_000 },
            retry: { budgetPercent: 10, waitMs: 2_500, held: 1_024 },
            breaker: { connectFailures: 5, failurePercent: 50, minRequests: 20, windowMs: 10_000, openMs: 1_000 },
            probe: undefined,
          },
          policy: 'listmonk',
          partial: undefined,
          plan: 'default',
          contract: 'backend',
          timezoneMinutes: 0,
          auth: { unauthenticatedStatus: 403, realm: 'sallyport', bearer: false, apiKey: false },
        },
      ],
      trustedProxies: [],
      log: { level: 'info' },
      drain: { delayMs: 0, deadlineMs: 30_000 },
      server: {
        headersTimeoutMs: 10_000,
        requestTimeoutMs: 60_000,
        keepAliveTimeoutMs: 15_000,
        idleTimeoutMs: 120_000,
        maxRequestsPerSocket: 10_000,
        maxConnections: 4096,
        maxConnectionsPerAddress: 1024,
        minBodyRate: 1024,
        shed: { lagMs: 200, heapPercent: 85, afterMs: 1_000 },
      },
    })
  })

  it('is frozen to its last leaf', async () => {
    const { config } = await load(minimal)

    expect(() => Object.assign(config.tenants[0].upstream, { urls: ['http://evil.test'] })).toThrow(TypeError)
    expect(() => (config.trustedProxies as string[]).push('0.0.0.0/0')).toThrow(TypeError)
  })

  it('takes a flag over the environment, the environment over the file, the file over the default', async () => {
    const yaml = `${minimal}listen: 1001\nadmin: { listen: 1101 }\nlog: { level: error }\n`
    const env = { SALLYPORT_ADMIN_LISTEN: '1102', SALLYPORT_LOG_LEVEL: 'warn', SALLYPORT_PLAN: '' }
    const { config } = await load(yaml, { env, overrides: { 'log.level': 'debug' } })

    expect([config.listen.port, config.admin.listen.port, config.log.level, config.tenants[0].plan]).toEqual([
      1001,
      1102,
      'debug',
      'default',
    ])
  })

  it('needs no file when the environment says the rest', async () => {
    const env = {
      SALLYPORT_UPSTREAM_URL: 'http://backend:9000/',
      SALLYPORT_UPSTREAM_CONNECTIONS: '7',
      SALLYPORT_UPSTREAM_CREDENTIAL_USER: 'gateway',
      SALLYPORT_UPSTREAM_CREDENTIAL_TOKEN: 's3cret',
      SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      SALLYPORT_AUTH_BEARER: 'true',
      SALLYPORT_AUTH_UNAUTHENTICATED_STATUS: '401',
      SALLYPORT_UPSTREAM_TIMEOUTS_TOTAL: 'none',
    }
    const { config } = await load(undefined, { env })
    const [tenant] = config.tenants

    expect(config.file).toBeUndefined()
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '::1'])
    expect([tenant.auth.bearer, tenant.auth.unauthenticatedStatus]).toEqual([true, 401])
    expect([tenant.upstream.urls[0], tenant.upstream.connections, tenant.upstream.totalTimeoutMs]).toEqual([
      'http://backend:9000',
      7,
      0,
    ])
    expect(tenant.upstream.credential).toEqual({ kind: 'service', scheme: 'token', user: 'gateway', secret: 's3cret' })
  })

  it('lets a token of the environment take the place of the token file of the file', async () => {
    const yaml = 'upstream: { url: "http://b:1", credential: { user: gw, token_file: nowhere } }\n'
    const { config } = await load(yaml, { env: { SALLYPORT_UPSTREAM_CREDENTIAL_TOKEN: 'from-env' } })

    expect(config.tenants[0].upstream.credential).toEqual({
      kind: 'service',
      scheme: 'token',
      user: 'gw',
      secret: 'from-env',
    })
  })

  it('finds the file that SALLYPORT_CONFIG names, and paths in it beside it; paths of the environment beside the caller', async () => {
    const files = { 'etc/gate.yaml': minimal, 'etc/policies/limits.yaml': '' }
    const { cwd, config } = await load(
      undefined,
      { env: { SALLYPORT_CONFIG: 'etc/gate.yaml', SALLYPORT_STORE_FILE: 'x.db' } },
      files,
    )

    expect([config.file, config.policies, config.store.file]).toEqual([
      join(cwd, 'etc/gate.yaml'),
      join(cwd, 'etc/policies'),
      join(cwd, 'x.db'),
    ])
  })

  it('reads the service token from a file that only its owner may read', async () => {
    const yaml = 'upstream: { url: "http://b:1", credential: { user: gw, token_file: secrets/token, scheme: basic } }\n'
    const { config } = await load(yaml, {}, { 'secrets/token': 'abc\n' })

    expect(config.tenants[0].upstream.credential).toEqual({
      kind: 'service',
      scheme: 'basic',
      user: 'gw',
      secret: 'abc',
    })
  })

  it.skipIf(process.platform === 'win32')('refuses a token file that everybody may read', async () => {
    const cwd = await folderWith({
      ...policies,
      token: 'hunter2',
      'sallyport.yaml': 'upstream:\n  url: http://b:1\n  credential:\n    user: gw\n    token_file: token\n',
    })
    await chmod(join(cwd, 'token'), 0o644)

    await expect(loadConfig({ env: {}, cwd })).rejects.toThrow(
      /^sallyport.yaml:5: upstream.credential.token_file: names a file that every user of this machine may read - run `chmod 600` on it; a mounted secret takes `mode: 0440`$/,
    )
    await expect(loadConfig({ env: {}, cwd, platform: 'win32' })).resolves.toBeDefined()
  })

  it('gives tenants what the top level says, and their own words over it', async () => {
    const yaml = [
      'upstream: { url: "http://shared:1", credential: { user: gw, token_env: T }, timeouts: { total: 10s } }',
      'plan: small',
      'tenants:',
      '  - { name: a, hosts: [A.example.org] }',
      '  - { name: b, hosts: [b.example.org], plan: large, partial: narrow, auth: { bearer: true }, upstream: { timeouts: { total: 20s } } }',
      '  - { name: c, hosts: [c.example.org], upstream: { url: "https://own:2", credential: caller } }',
    ].join('\n')
    const { config } = await load(yaml, { env: { T: 'tok' } })
    const seen = config.tenants.map(({ name, hosts, upstream, plan, partial, auth }) => [
      name,
      hosts,
      upstream.urls[0],
      upstream.credential.kind,
      upstream.totalTimeoutMs,
      plan,
      partial,
      auth.bearer,
    ])

    expect(seen).toEqual([
      ['a', ['a.example.org'], 'http://shared:1', 'service', 10_000, 'small', undefined, false],
      ['b', ['b.example.org'], 'http://shared:1', 'service', 20_000, 'large', 'narrow', true],
      ['c', ['c.example.org'], 'https://own:2', 'caller', 10_000, 'small', undefined, false],
    ])
  })

  it('never sends the top level credential to the url of a tenant', async () => {
    const yaml = [
      'upstream: { url: "http://shared:1", credential: { user: gw, token_env: T } }',
      'tenants: [{ name: a, upstream: { url: "http://elsewhere:1" } }]',
    ].join('\n')

    expect(await mistakes(yaml, { env: { T: 'tok' } })).toEqual([
      'sallyport.yaml:2: tenants[0].upstream.url: is a url of its own without a credential of its own - add `credential`: that of the top level is not sent to another url',
    ])
  })

  it('ignores what Kubernetes puts into the environment for a Service called sallyport', async () => {
    const env = {
      SALLYPORT_SERVICE_HOST: '10.0.0.1',
      SALLYPORT_PORT: 'tcp://10.0.0.1:80',
      SALLYPORT_PORT_80_TCP_ADDR: '10.0.0.1',
      SALLYPORT_SERVICE_PORT_HTTP: '80',
    }

    await expect(load(minimal, { env })).resolves.toBeDefined()
  })
})

describe('loadConfig fills variables into texts', () => {
  it('fills set ones, takes the default for unset and empty ones, and keeps `$${`', async () => {
    const yaml =
      'upstream: { url: "${SCHEME:-http}://${HOST}:${PORT:-9000}" }\nauth: { realm: "$${x}${EMPTY:-y}" }\nlisten: ${LISTEN}\n'
    const { config } = await load(yaml, { env: { HOST: 'back', EMPTY: '', LISTEN: '7000' } })

    expect([config.tenants[0].upstream.urls[0], config.tenants[0].auth.realm, config.listen.port]).toEqual([
      'http://back:9000',
      '${x}y',
      7000,
    ])
  })

  it('cannot be used to add structure', async () => {
    const { config } = await load(`${minimal}auth: { realm: "\${R}" }\n`, { env: { R: 'x }, bearer: true, y: {' } })

    expect(config.tenants[0].auth).toEqual({
      unauthenticatedStatus: 403,
      realm: 'x }, bearer: true, y: {',
      bearer: false,
      apiKey: false,
    })
  })

  it('refuses an unknown one with the name that was meant', async () => {
    expect(await mistakes('upstream:\n  url: ${BACKEND_URI}\n', { env: { BACKEND_URL: 'http://b:1' } })).toContain(
      'sallyport.yaml:2: upstream.url: the environment variable `BACKEND_URI` is not set - set it, or write `${BACKEND_URI:-otherwise}`; did you mean `BACKEND_URL`?',
    )
  })
})

describe('loadConfig tells every mistake at once', () => {
  it('with file, line, key, what was found and a remedy', async () => {
    const yaml = `listen: 99999
admin: { listen: "127.0.0.1:http" }
listen: 8080
upstrem: {}
upstream:
  url: http://127.0.0.1:9000/path
  timeouts: { connect: 30 sec, total: 5 }
  connections: 0
policy:
auth: { unauthenticated_status: 400, bearer: yes, realm: 12 }
trusted_proxies: [10.0.0.0/99]
log: { level: infos }
drain: [1]
server: { header_timeout: 10s }
partial: Narrow
store: { file: nowhere/x.db }
tls: { cert_file: nope.pem }
policies: nopol
`
    expect(
      await mistakes(yaml, { env: { SALLYPORT_LISTN: '1', SALLYPORT_PLAN: 'a b' }, overrides: { 'log.levle': 'x' } }),
    ).toEqual([
      'command line: log.levle: `log.levle` is not a known key - did you mean `log.level`?',
      'environment SALLYPORT_LISTN: `SALLYPORT_LISTN` is not a known variable - did you mean `SALLYPORT_LISTEN`?',
      'environment SALLYPORT_PLAN: plan: `a b` is not the name of a rate plan - write for example `listmonk`',
      'sallyport.yaml:1: listen: `99999` is not an address and port, or a port - write for example `127.0.0.1:8080`',
      'sallyport.yaml:2: admin.listen: `127.0.0.1:http` is not an address and port, or a port - write for example `127.0.0.1:8080`',
      'sallyport.yaml:3: listen: the key `listen` stands here again - keep one of them, the first is in line 1',
      'sallyport.yaml:4: upstrem: the key `upstrem` is not known here - did you mean `upstream`?',
      'sallyport.yaml:6: upstream.url: what is given is not an origin: http or https, a host, a port, no path and no user - write for example `http://127.0.0.1:9000`',
      'sallyport.yaml:7: upstream.timeouts.connect: `30 sec` is not a span - write for example `30s`',
      'sallyport.yaml:7: upstream.timeouts.total: `5` is a number, not a span or `none` - write for example `30s` or `none`',
      'sallyport.yaml:8: upstream.connections: `0` is not a whole number from 1 to 65535 - write a whole number from 1 to 65535',
      'sallyport.yaml:9: policy: is empty - give the name of a policy, or remove the key',
      'sallyport.yaml:10: auth.unauthenticated_status: `400` is not `403` or `401` - correct it',
      'sallyport.yaml:10: auth.bearer: `yes` is not `true` or `false` - write `true` or `false`',
      'sallyport.yaml:10: auth.realm: `12` is a number, not a realm - put it in quotes',
      'sallyport.yaml:11: trusted_proxies[0]: `10.0.0.0/99` is not an address or CIDR range - write for example `10.0.0.0/8`',
      'sallyport.yaml:12: log.level: `infos` is not one of the words known here - did you mean `info`?',
      'sallyport.yaml:13: drain: takes a map, found a list - write a map',
      'sallyport.yaml:14: server.header_timeout: the key `header_timeout` is not known here - did you mean `headers_timeout`?',
      'sallyport.yaml:15: partial: `Narrow` is not one of the words known here - did you mean `narrow`?',
      'sallyport.yaml:16: store.file: names a folder that cannot be read (ENOENT) - check the path, relative to the configuration file, and who may read it',
      'sallyport.yaml:17: tls: `key_file` is missing - add it, for example `key_file: secrets/token`',
      'sallyport.yaml:18: policies: names a folder that cannot be read (ENOENT) - check the path, relative to the configuration file, and who may read it',
    ])
  })

  it('also those of tenants that only show together', async () => {
    const yaml = `upstream: { url: "http://b:1" }
admin: { listen: 8080 }
tenants:
  - { name: a, hosts: [x.example.org] }
  - { name: a, hosts: [X.EXAMPLE.ORG] }
  - { name: b }
  - { name: B, hosts: ["x.example.org:80"] }
`
    expect(await mistakes(yaml)).toEqual([
      'sallyport.yaml:2: admin.listen: is the same address as `listen`, `127.0.0.1:8080` - give it another port',
      'sallyport.yaml:5: tenants[1].name: another tenant is called `a` - give each its own name',
      'sallyport.yaml:5: tenants[1].hosts[0]: `X.EXAMPLE.ORG` is a host of the tenant `a` too - keep it with one of them',
      'sallyport.yaml:6: tenants[2]: the tenant `b` names no `hosts` - add `hosts`: with several tenants each needs its own',
      'sallyport.yaml:7: tenants[3].name: `B` is not a tenant name: lower-case letters, digits and `-` - write for example `alpha`',
      'sallyport.yaml:7: tenants[3].hosts[0]: `x.example.org:80` is not a host name without port - write for example `lists.example.org`',
    ])
  })

  it('says what to do when there is no file at all', async () => {
    expect(await mistakes(undefined)).toEqual([
      'sallyport.yaml: upstream: `upstream.url` is missing - add it, for example `upstream: { url: http://127.0.0.1:9000 }`, or set `SALLYPORT_UPSTREAM_URL`',
    ])
    expect(await mistakes(undefined, { file: 'gone.yaml' })).toEqual([
      'gone.yaml:1: cannot be read (ENOENT) - check that the file is there and that this user may read it',
    ])
  })

  it.each([
    [
      'no token',
      'user: gw',
      'upstream.credential: names no token - give one of `token_file`, `token_env` and `token: ${VAR}`',
    ],
    [
      'two tokens',
      'user: gw, token_env: T, token_file: f',
      'upstream.credential: names `token_file` and `token_env` - give one of `token_file`, `token_env` and `token: ${VAR}`',
    ],
    [
      'an unset variable',
      'user: gw, token_env: NOPE',
      'upstream.credential.token_env: the environment variable `NOPE` is not set - set it to the token',
    ],
    [
      'no such file',
      'user: gw, token_file: f',
      'upstream.credential.token_file: names a file that cannot be read (ENOENT) - check the path, relative to the configuration file, and who may read it',
    ],
    [
      'an empty file',
      'user: gw, token_file: empty',
      'upstream.credential.token_file: names an empty file - keep the token alone in it, on one line',
    ],
    [
      'two lines',
      'user: gw, token_file: two',
      'upstream.credential.token_file: names a file that holds more than one word - keep the token alone in it, on one line',
    ],
    [
      'a colon in the user',
      'user: "g:w", token_env: T',
      'upstream.credential.user: what is given is not a user name - write for example `gateway`',
    ],
  ])('refuses a credential with %s', async (_what, words, message) => {
    const yaml = `upstream: { url: "http://b:1", credential: { ${words} } }\n`

    expect(await mistakes(yaml, { env: { T: 'x' } }, { empty: '', two: 'a\nb\n' })).toEqual([
      `sallyport.yaml:1: ${message}`,
    ])
  })
})

describe('loadConfig keeps secrets out of messages and descriptions', () => {
  const secret = 'hunter2-hunter2'

  it.each([
    ['a token that is written out', `credential: { user: gw, token: ${secret} }`],
    ['a token as the default of a variable', `credential: { user: gw, token: "\${NOPE:-${secret}}" }`],
    ['a token in the place of the whole map', `credential: ${secret}`],
    ['a token under a key that is not known', `credential: { user: gw, tokn: ${secret} }`],
    ['a url with a password', `url: "http://u:${secret}@b:1"`],
    ['YAML that is broken beside it', `credential: { user: gw, token: ${secret}: x }`],
    ['YAML that is broken after it', `credential: "${secret}" ${secret}`],
    ['a filled-in text of the wrong kind', 'connections: ${SECRET}'],
    ['a filled-in token of two words', 'credential: { user: gw, token: "${SECRET} x" }'],
    ['an anchor', `credential: &${secret.replace('-', '')} { user: gw }`, 'hunter2hunter3'],
  ])('with %s', async (_what, line, hidden = secret) => {
    const told = await mistakes(`upstream:\n  ${line}\n`, {
      env: { SECRET: secret, SALLYPORT_UPSTREAM_CREDENTIAL_SCHEME: '' },
    })

    expect(told.length).toBeGreaterThan(0)
    expect(told.join('\n')).not.toContain(hidden)
  })

  it('refuses a token on the command line without repeating it', async () => {
    expect(await mistakes(minimal, { overrides: { 'upstream.credential.token': secret } })).toEqual([
      'command line: upstream.credential.token: stands on the command line, where other users can read it - use `token_file` or `token_env`',
    ])
  })

  it('masks it in what `config print` shows', async () => {
    const yaml = 'upstream: { url: "http://b:1", credential: { user: gw, token: "${T}" } }\n'
    const { config } = await load(yaml, { env: { T: secret } })

    expect(JSON.stringify(config)).toContain(secret)
    expect(JSON.stringify(describeConfig(config))).not.toContain(secret)
  })
})

describe('loadConfig with a file that is cut off', () => {
  const whole = `listen: 127.0.0.1:8080 # é
tls: { cert_file: c.pem, key_file: c.pem }
upstream:
  url: "\${URL:-http://127.0.0.1:9000}"
  credential: { user: gw, token_env: T }
  timeouts: { connect: 2s }
tenants:
  - name: a
    hosts: [a.example.org, "b.example.org"]
trusted_proxies: [10.0.0.0/8]
`
  it('gives a configuration or Problems at every byte, never anything else', async () => {
    const bytes = Buffer.from(whole)
    for (let length = 0; length <= bytes.length; length++) {
      const cwd = await folderWith({ ...policies, 'c.pem': 'x', 'sallyport.yaml': bytes.subarray(0, length) })
      const result: unknown = await loadConfig({ env: { T: 'x' }, cwd }).catch((error: unknown) => error)
      expect(
        result instanceof Problems || typeof (result as { listen?: unknown }).listen === 'object',
        `cut at ${length}: ${String(result)}`,
      ).toBe(true)
    }
  })

  it('does so with any bytes put anywhere', async () => {
    const cwd = await folderWith({ ...policies, 'c.pem': 'x' })
    const { writeFile } = await import('node:fs/promises')
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.uint8Array({ minLength: 1, maxLength: 8 }), async (at, bytes) => {
        const text = Buffer.concat([Buffer.from(whole.slice(0, at)), bytes, Buffer.from(whole.slice(at))])
        await writeFile(join(cwd, 'sallyport.yaml'), text)
        const result: unknown = await loadConfig({ env: { T: 'x' }, cwd }).catch((error: unknown) => error)
        expect(result instanceof Error ? result : undefined).toSatisfy(
          (error: unknown) => error === undefined || error instanceof Problems,
        )
      }),
      { numRuns: 200 },
    )
  })
})
