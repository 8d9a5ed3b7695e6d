/** The words of `upstream`: where the backend is, what it is shown, and how long and how often it may fail. */
import { Type, type Static } from 'typebox'
import { closed, text } from './shape.ts'
import { count, file, flag, percent, span, spanOrNone } from './words.ts'

/** What holds where nothing is said, in the words of the file. */
export const upstreamDefaults = {
  connections: 64,
  in_flight: 256,
  queue: { size: 256, wait: '1s' },
  timeouts: { connect: '2s', headers: '30s', body: '60s', total: '90s', idle: '120s' },
  retry: { budget: 10, wait: '2500ms', held: 1024 },
  health: { interval: '5s', timeout: '2s', healthy: 2, unhealthy: 3, status: ['200-399'] },
  breaker: { connect_failures: 5, failures: 50, requests: 20, window: '10s', open: '1s' },
} as const

const origin = {
  format: 'origin',
  examples: ['http://127.0.0.1:9000'],
  secret: true, // `http://user:token@host` is an easy mistake
}
const originTitle = 'an origin: http or https, a host, a port, no path and no user'

const service = closed({
  user: text('a user name', {
    description: 'the API user at the backend',
    pattern: '^[^:\\s\\p{Cc}]+$',
    secret: true, // `user:token` is an easy mistake
    examples: ['gateway'],
  }),
  token: Type.Optional(
    text('a token', {
      description: 'only as `${VAR}`; never written out',
      pattern: '^[!-~]{1,4096}$',
      secret: true,
      referenced: true,
    }),
  ),
  token_file: Type.Optional(file('a file that holds the token and nothing else')),
  token_env: Type.Optional(
    text('the name of an environment variable', { pattern: '^[A-Za-z_][A-Za-z0-9_]*$', examples: ['LISTMONK_TOKEN'] }),
  ),
  scheme: Type.Optional(Type.Enum(['token', 'basic'], { default: 'token' })),
})
export type ServiceWords = Static<typeof service>

const breaker = closed(
  {
    connect_failures: count(
      'connections in a row that fail before a member is left alone',
      upstreamDefaults.breaker.connect_failures,
      1_000_000,
    ),
    failures: percent('the share of requests that fail, in percent', upstreamDefaults.breaker.failures),
    requests: count('of at least so many', upstreamDefaults.breaker.requests, 1_000_000),
    window: span('within this time', upstreamDefaults.breaker.window),
    open: span('how long it is left alone; then one request is let through', upstreamDefaults.breaker.open),
  },
  { description: 'when a member is left alone because requests to it fail; no status is a failure' },
)

const health = closed(
  {
    path: Type.Optional(
      text('a path', {
        description: 'asked of each member again and again; without it nothing is asked',
        pattern: '^/[!-~]{0,1024}$',
        examples: ['/health'],
      }),
    ),
    interval: span('from one question to the next', upstreamDefaults.health.interval),
    timeout: span('until the head of the answer is there', upstreamDefaults.health.timeout),
    healthy: count('good answers in a row that bring a member back', upstreamDefaults.health.healthy, 100),
    unhealthy: count('bad answers in a row that take a member out', upstreamDefaults.health.unhealthy, 100),
    status: Type.Optional(
      Type.Array(text('a status or a range', { format: 'status-range', examples: ['200', '200-399'] }), {
        description: 'the statuses of good answers',
        default: upstreamDefaults.health.status,
        minItems: 1,
      }),
    ),
    breaker: Type.Optional(breaker),
  },
  { description: 'how it is found out that a member is ill, and well again' },
)

export const upstreamSchema = closed({
  url: Type.Optional(text(originTitle, { ...origin, description: 'where the backend is' })),
  urls: Type.Optional(
    Type.Array(text(originTitle, origin), {
      description: 'in place of `url`: the members of one backend, which all know the same',
      minItems: 1,
      uniqueItems: true,
    }),
  ),
  credential: Type.Optional(
    Type.Union([Type.Enum(['caller', 'none']), service], {
      title: '`caller`, `none` or a map with `user` and a token',
      description: 'what the backend is shown',
      default: 'none',
      secret: true,
    }),
  ),
  host: Type.Optional(
    text('a host, with or without a port', {
      pattern: '^[A-Za-z0-9_.-]+(?::[0-9]{1,5})?$',
      examples: ['lists.example.org'],
    }),
  ),
  ca_file: Type.Optional(file('PEM file of the authority that signs the backend')),
  insecure_skip_verify: flag('does not verify the certificate of the backend'),
  connections: count('the most connections to each member', upstreamDefaults.connections, 65_535),
  in_flight: count('the most requests under way at all members together', upstreamDefaults.in_flight, 65_535),
  queue: Type.Optional(
    closed({
      size: count('requests that may wait for their turn', upstreamDefaults.queue.size, 65_535),
      wait: span('how long each may wait', upstreamDefaults.queue.wait),
    }),
  ),
  timeouts: Type.Optional(
    closed({
      connect: span('until the connection stands', upstreamDefaults.timeouts.connect),
      headers: span('until the headers of the answer are there', upstreamDefaults.timeouts.headers),
      body: spanOrNone('the longest gap in a body', upstreamDefaults.timeouts.body),
      total: spanOrNone('the whole exchange', upstreamDefaults.timeouts.total),
      idle: spanOrNone('the longest silence on a WebSocket', upstreamDefaults.timeouts.idle),
    }),
  ),
  retry: Type.Optional(
    closed({
      budget: percent('requests sent again, in percent of those of ten seconds', upstreamDefaults.retry.budget),
      wait: spanOrNone(
        'how long a request that is safe to repeat waits for a backend that went away',
        upstreamDefaults.retry.wait,
      ),
      held: count('requests that may wait like this', upstreamDefaults.retry.held, 65_535),
    }),
  ),
  health: Type.Optional(health),
})
export type UpstreamWords = Static<typeof upstreamSchema>
