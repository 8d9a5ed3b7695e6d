import { describe, expect, it } from 'vitest'
import { startWarnings } from '../../src/cli/start-warnings.ts'
import { loadConfig } from '../../src/config/load.ts'
import { shippedPolicies } from './world.ts'

const warningsOf = async (env: Readonly<Record<string, string>>) => {
  const given = { SALLYPORT_UPSTREAM_URL: 'https://127.0.0.1:9000', SALLYPORT_POLICIES: shippedPolicies, ...env }
  return startWarnings(await loadConfig({ env: given, cwd: shippedPolicies }))
}

describe('startWarnings', () => {
  it('says nothing of a listener on loopback', async () => {
    expect(await warningsOf({})).toEqual([])
    expect(await warningsOf({ SALLYPORT_LISTEN: '[::1]:8080' })).toEqual([])
  })

  it('tells that credentials pass in clear text where others can reach the listener (B12)', async () => {
    expect(await warningsOf({ SALLYPORT_LISTEN: '0.0.0.0:8080' })).toEqual([
      'callers send their credentials in clear text to 0.0.0.0: give `tls`, or name the proxy in front in `trusted_proxies`',
    ])
  })

  it('trusts that a named proxy in front takes care of TLS', async () => {
    expect(await warningsOf({ SALLYPORT_LISTEN: '0.0.0.0:8080', SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8' })).toEqual([])
  })

  it('tells that people sign in over clear text where others can reach the admin listener', async () => {
    const open = { SALLYPORT_ADMIN_LISTEN: '0.0.0.0:8081' }

    expect(await warningsOf(open)).toEqual([
      'people send their passwords in clear text to 0.0.0.0:8081: give `admin.tls`, or an https `admin.public_url` of a proxy in front',
    ])
    expect(await warningsOf({ ...open, SALLYPORT_ADMIN_PUBLIC_URL: 'https://gateway.example.org' })).toEqual([])
  })

  it('tells of every upstream whose certificate is not verified', async () => {
    expect(await warningsOf({ SALLYPORT_UPSTREAM_INSECURE_SKIP_VERIFY: 'true' })).toEqual([
      'the TLS certificate of the upstream of tenant default is NOT verified',
    ])
  })
})
