/** The words of `sallyport.yaml`, as a schema. Every scalar can be given as `SALLYPORT_` + its path joined by `_`. */
import { Type, type Static } from 'typebox'
import { defaults } from './defaults.ts'
import { admin, tls } from './language-admin.ts'
import { upstreamSchema } from './language-upstream.ts'
import { closed, text } from './shape.ts'
import { count, file, flag, listen, name, percent, span, spanOrNone } from './words.ts'

const auth = closed({
  unauthenticated_status: Type.Optional(
    Type.Union([Type.Literal(403), Type.Literal(401)], {
      default: defaults.auth.unauthenticated_status,
      title: '`403` or `401`',
    }),
  ),
  realm: Type.Optional(text('a realm', { pattern: '^[ !#-\\[\\]-~]{1,100}$', examples: ['sallyport'] })),
  bearer: flag('takes `Authorization: Bearer user:token`'),
  api_key: flag('takes `X-API-Key: user:token`'),
})

/** What a tenant may say, and the top level for all tenants. */
const shared = {
  upstream: Type.Optional(upstreamSchema),
  policy: Type.Optional(name('the name of a policy', 'the `policy:` of a file in the policy folder')),
  partial: Type.Optional(
    Type.Enum(['refuse', 'narrow'], { description: "takes the place of the policy's own `scope.partial`" }),
  ),
  plan: Type.Optional(name('the name of a rate plan', 'a plan of limits.yaml')),
  contract: Type.Optional(
    Type.Enum(['backend', 'documented'], {
      description: 'success as the backend sends it, or as its documents have it',
      default: defaults.contract,
    }),
  ),
  timezone: Type.Optional(
    text('an offset from UTC', {
      pattern: '^[+-](?:0[0-9]|1[0-4]):[0-5][0-9]$',
      examples: ['+05:30'],
      description: 'the zone of times where `contract` is `documented`',
    }),
  ),
  auth: Type.Optional(auth),
}

export const tenantSchema = closed({
  name: text('a tenant name: lower-case letters, digits and `-`', { format: 'tenant', examples: ['alpha'] }),
  hosts: Type.Optional(
    Type.Array(text('a host name without port', { format: 'host', examples: ['lists.example.org'] }), {
      minItems: 1,
      uniqueItems: true,
    }),
  ),
  ...shared,
})
export type TenantWords = Static<typeof tenantSchema>

export const configSchema = closed(
  {
    listen: listen(defaults.listen),
    tls: tls('of the data path'),
    admin: Type.Optional(admin),
    policies: Type.Optional(text('the path of a folder', { pattern: '\\S', examples: [defaults.policies] })),
    store: Type.Optional(closed({ file: Type.Optional(file('the SQLite file of identities')) })),
    ...shared,
    tenants: Type.Optional(Type.Array(tenantSchema, { minItems: 1 })),
    trusted_proxies: Type.Optional(
      Type.Array(text('an address or CIDR range', { format: 'range', examples: ['10.0.0.0/8'] }), {
        description: 'whose `X-Forwarded-*` and `X-Request-Id` are believed',
      }),
    ),
    log: Type.Optional(
      closed({
        level: Type.Optional(Type.Enum(['silent', 'error', 'warn', 'info', 'debug'], { default: defaults.logLevel })),
      }),
    ),
    drain: Type.Optional(
      closed({
        delay: spanOrNone('between the signal and the last accepted connection', defaults.drain.delay),
        deadline: span('until open requests are cut', defaults.drain.deadline),
      }),
    ),
    server: Type.Optional(
      closed({
        headers_timeout: span('until the headers of a request are there', defaults.server.headers_timeout),
        request_timeout: span('until a request is complete', defaults.server.request_timeout),
        keep_alive_timeout: span('how long an idle connection is kept', defaults.server.keep_alive_timeout),
        idle_timeout: span('how long a silent connection is kept', defaults.server.idle_timeout),
        max_requests_per_socket: count(
          'requests on one connection',
          defaults.server.max_requests_per_socket,
          1_000_000,
        ),
        max_connections: count('connections at once', defaults.server.max_connections, 1_000_000),
        max_connections_per_address: count(
          'connections at once from one address; an IPv6 /64 is one, and trusted proxies are not counted',
          defaults.server.max_connections_per_address,
          1_000_000,
        ),
        min_body_rate: count(
          'bytes a second at which a body must come on average, after five seconds',
          defaults.server.min_body_rate,
          1_000_000,
        ),
        shed: Type.Optional(
          closed({
            lag: spanOrNone('requests are refused while the event loop is later than this', defaults.server.shed.lag),
            heap: percent('or while more of the heap is in use, in percent', defaults.server.shed.heap),
            after: span('once that has lasted so long', defaults.server.shed.after),
          }),
        ),
      }),
    ),
  },
  { description: 'the configuration of Sallyport' },
)
export type ConfigWords = Static<typeof configSchema>
