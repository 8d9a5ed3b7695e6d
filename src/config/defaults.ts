/** The defaults of `sallyport.yaml`. */

/** What holds where nothing is said, in the words of the file. */
export const defaults = {
  listen: '127.0.0.1:8080',
  adminListen: '127.0.0.1:8081',
  adminKeyFile: 'sallyport.key',
  sessionLifetime: '12h',
  oidcLabel: 'single sign-on',
  policies: './policies',
  storeFile: './sallyport.db',
  policy: 'listmonk',
  plan: 'default',
  contract: 'backend',
  timezone: '+00:00',
  auth: { unauthenticated_status: 403, realm: 'sallyport', bearer: false, api_key: false },
  logLevel: 'info',
  drain: { delay: '0s', deadline: '30s' },
  server: {
    headers_timeout: '10s',
    request_timeout: '60s',
    keep_alive_timeout: '15s',
    idle_timeout: '120s',
    max_requests_per_socket: 10_000,
    max_connections: 4096,
    max_connections_per_address: 1024,
    min_body_rate: 1024,
    shed: { lag: '200ms', heap: 85, after: '1s' },
  },
} as const
