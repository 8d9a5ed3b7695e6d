import { describe, expect, it } from 'vitest'
import { variablesOf } from '../../src/config/environment.ts'
import { configSchema } from '../../src/config/language.ts'
import { shapeOf } from '../../src/config/shape.ts'

describe('variablesOf', () => {
  const variables = variablesOf(shapeOf(configSchema))

  it('names every key that one text can hold, and none of a tenant', () => {
    expect([...variables.keys()].toSorted()).toEqual([
      'SALLYPORT_ADMIN_KEY_FILE',
      'SALLYPORT_ADMIN_LISTEN',
      'SALLYPORT_ADMIN_OIDC_CLIENT_ID',
      'SALLYPORT_ADMIN_OIDC_CLIENT_SECRET_ENV',
      'SALLYPORT_ADMIN_OIDC_CLIENT_SECRET_FILE',
      'SALLYPORT_ADMIN_OIDC_ISSUER',
      'SALLYPORT_ADMIN_OIDC_LABEL',
      'SALLYPORT_ADMIN_PUBLIC_URL',
      'SALLYPORT_ADMIN_SESSION_LIFETIME',
      'SALLYPORT_ADMIN_TLS_CERT_FILE',
      'SALLYPORT_ADMIN_TLS_KEY_FILE',
      'SALLYPORT_AUTH_API_KEY',
      'SALLYPORT_AUTH_BEARER',
      'SALLYPORT_AUTH_REALM',
      'SALLYPORT_AUTH_UNAUTHENTICATED_STATUS',
      'SALLYPORT_CONTRACT',
      'SALLYPORT_DRAIN_DEADLINE',
      'SALLYPORT_DRAIN_DELAY',
      'SALLYPORT_LISTEN',
      'SALLYPORT_LOG_LEVEL',
      'SALLYPORT_PARTIAL',
      'SALLYPORT_PLAN',
      'SALLYPORT_POLICIES',
      'SALLYPORT_POLICY',
      'SALLYPORT_SERVER_HEADERS_TIMEOUT',
      'SALLYPORT_SERVER_IDLE_TIMEOUT',
      'SALLYPORT_SERVER_KEEP_ALIVE_TIMEOUT',
      'SALLYPORT_SERVER_MAX_CONNECTIONS',
      'SALLYPORT_SERVER_MAX_CONNECTIONS_PER_ADDRESS',
      'SALLYPORT_SERVER_MAX_REQUESTS_PER_SOCKET',
      'SALLYPORT_SERVER_MIN_BODY_RATE',
      'SALLYPORT_SERVER_REQUEST_TIMEOUT',
      'SALLYPORT_STORE_FILE',
      'SALLYPORT_TIMEZONE',
      'SALLYPORT_TLS_CERT_FILE',
      'SALLYPORT_TLS_KEY_FILE',
      'SALLYPORT_TRUSTED_PROXIES',
      'SALLYPORT_UPSTREAM_CA_FILE',
      'SALLYPORT_UPSTREAM_CONNECTIONS',
      'SALLYPORT_UPSTREAM_CREDENTIAL',
      'SALLYPORT_UPSTREAM_CREDENTIAL_SCHEME',
      'SALLYPORT_UPSTREAM_CREDENTIAL_TOKEN',
      'SALLYPORT_UPSTREAM_CREDENTIAL_TOKEN_ENV',
      'SALLYPORT_UPSTREAM_CREDENTIAL_TOKEN_FILE',
      'SALLYPORT_UPSTREAM_CREDENTIAL_USER',
      'SALLYPORT_UPSTREAM_HOST',
      'SALLYPORT_UPSTREAM_INSECURE_SKIP_VERIFY',
      'SALLYPORT_UPSTREAM_TIMEOUTS_BODY',
      'SALLYPORT_UPSTREAM_TIMEOUTS_CONNECT',
      'SALLYPORT_UPSTREAM_TIMEOUTS_HEADERS',
      'SALLYPORT_UPSTREAM_TIMEOUTS_TOTAL',
      'SALLYPORT_UPSTREAM_URL',
    ])
  })

  it('never gives two keys one name, though keys hold `_` too', () => {
    const paths = [...variables.values()].map((path) => path.join('_').toUpperCase())

    expect(new Set(paths).size).toBe(variables.size)
  })
})
