/** Signing in through an identity provider: a real one, over real sockets. */
import { describe, expect, it } from 'vitest'
import { clientSecret, startIdentityProvider, type RunningProvider } from '../helpers/identity-provider.ts'
import { defaultTenant, startGateway, type Running } from '../helpers/gateway.ts'

const oidcOf = (issuer: string) => ({ issuer, clientId: 'sallyport', clientSecret, label: 'the test’s own' })

async function worldWith(email: string | undefined) {
  const redirect = { uri: '' }
  const provider = await startIdentityProvider(() => redirect.uri)
  const gateway = await startGateway({ admin: { oidc: oidcOf(provider.issuer) } })
  redirect.uri = `${gateway.admin}/oidc/callback`
  await gateway.store.createUser(
    { tenant: defaultTenant, name: 'ann', kind: 'person', roles: ['owner'], listRoles: [], email },
    'test',
  )
  return { provider, gateway }
}

/** Follows redirects as a browser does, with a jar of cookies for each origin. */
class Browser {
  readonly #jars = new Map<string, Map<string, string>>()

  jar(url: string): Map<string, string> {
    const { origin } = new URL(url)
    const jar = this.#jars.get(origin) ?? new Map<string, string>()
    this.#jars.set(origin, jar)
    return jar
  }

  async get(url: string): Promise<{ readonly url: string; readonly status: number; readonly text: string }> {
    for (let hops = 0, at = url; hops < 20; hops += 1) {
      const jar = this.jar(at)
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(at, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } })
      for (const set of response.headers.getSetCookie()) {
        const [pair = ''] = set.split(';')
        const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
        if (value === '') jar.delete(name)
        else jar.set(name, value)
      }
      const location = response.headers.get('location')
      if (location === null) return { url: at, status: response.status, text: await response.text() }
      at = new URL(location, at).href
    }
    throw new Error('too many redirects')
  }
}

const whoIs = async (browser: Browser, { admin }: Running): Promise<unknown> => {
  const { text } = await browser.get(`${admin}/api/me`)
  return (JSON.parse(text) as { data: { name?: string; session?: unknown } }).data
}

const refusals = async ({ store }: Running): Promise<readonly unknown[]> =>
  (await store.listAudit({ action: 'session.refused', limit: 10 })).map(({ details }) => details['because'])

describe('single sign-on', () => {
  it('signs a person in whose address the provider verified, and knows them by the subject from then on', async () => {
    const { provider, gateway } = await worldWith('ann@example.org')
    const browser = new Browser()
    const page = await browser.get(`${gateway.admin}/oidc/start`)

    expect([page.status, new URL(page.url).pathname]).toEqual([200, '/oidc/callback'])
    expect(await whoIs(browser, gateway)).toMatchObject({ name: 'ann', session: { method: 'oidc' } })

    // The address changes at the provider; the subject is the same.
    provider.account = { sub: 'subject-1', email: 'ann.lee@example.org', email_verified: true }
    const other = new Browser()
    await other.get(`${gateway.admin}/oidc/start`)
    expect(await whoIs(other, gateway)).toMatchObject({ name: 'ann' })
  })

  it.each<readonly [string, string, string | undefined, Partial<RunningProvider['account']>]>([
    ['an address that is not verified', 'no-verified-email', 'ann@example.org', { email_verified: false }],
    ['an address that is verified in words only', 'no-verified-email', 'ann@example.org', { email_verified: 'true' }],
    ['an address that nobody here has', 'nobody-here', 'bob@example.org', {}],
    ['somebody without an address here', 'nobody-here', undefined, {}],
  ])('refuses %s, and says so in the audit trail', async (_what, because, email, account) => {
    const { provider, gateway } = await worldWith(email)
    provider.account = { ...provider.account, ...account }
    const browser = new Browser()
    const page = await browser.get(`${gateway.admin}/oidc/start`)

    expect(new URL(page.url).search).toBe('?sso=refused')
    expect(await whoIs(browser, gateway)).toMatchObject({ code: 'credentials-missing' })
    expect(await refusals(gateway)).toEqual([because])
  })

  it('refuses another account of the provider that took over a known address', async () => {
    const { provider, gateway } = await worldWith('ann@example.org')
    await new Browser().get(`${gateway.admin}/oidc/start`)
    provider.account = { sub: 'subject-2', email: 'ann@example.org', email_verified: true }
    const thief = new Browser()
    await thief.get(`${gateway.admin}/oidc/start`)

    expect(await whoIs(thief, gateway)).toMatchObject({ code: 'credentials-missing' })
  })

  it('refuses a disabled person', async () => {
    const { gateway } = await worldWith('ann@example.org')
    await gateway.store.setUserStatus(defaultTenant, 'ann', 'disabled', 'test')
    const browser = new Browser()
    await browser.get(`${gateway.admin}/oidc/start`)

    expect(await whoIs(browser, gateway)).toMatchObject({ code: 'credentials-missing' })
  })

  it('refuses an answer that this browser did not ask for, and one that comes twice', async () => {
    const { gateway } = await worldWith('ann@example.org')
    const stranger = new Browser()
    await stranger.get(`${gateway.admin}/oidc/callback?code=abc&state=def`)
    expect(await refusals(gateway)).toEqual(['not-begun-here'])

    const victim = new Browser()
    await victim.get(`${gateway.admin}/oidc/start`)
    const replay = await victim.get(`${gateway.admin}/oidc/callback?code=abc&state=def`)
    expect(new URL(replay.url).search).toBe('?sso=refused')

    const begun = new Browser()
    const left = await fetch(`${gateway.admin}/oidc/start`, { redirect: 'manual' })
    const [pair = ''] = (left.headers.getSetCookie()[0] ?? '').split(';')
    begun.jar(gateway.admin).set(pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1))
    const forged = await begun.get(`${gateway.admin}/oidc/callback?code=abc&state=another`)
    expect(new URL(forged.url).search).toBe('?sso=refused')
    expect(await refusals(gateway)).toEqual(['not-proved', 'not-begun-here', 'not-begun-here'])
  })

  it('says that the provider is away, and is there when it is back', async () => {
    const gateway = await startGateway({ admin: { oidc: oidcOf('http://127.0.0.1:9') } })
    const page = await new Browser().get(`${gateway.admin}/oidc/start`)

    expect(new URL(page.url).search).toBe('?sso=away')
    expect(gateway.log().some(({ msg }) => msg === 'the identity provider cannot be reached')).toBe(true)
  })

  it('is offered where it is configured, and has no address where it is not', async () => {
    const [without, having] = [
      await startGateway(),
      await startGateway({ admin: { oidc: oidcOf('http://127.0.0.1:9') } }),
    ]
    const options = async ({ admin }: Running): Promise<unknown> => (await fetch(`${admin}/api/sign-in`)).json()

    expect(await options(having)).toMatchObject({ data: { oidc: { label: 'the test’s own' } } })
    expect(await options(without)).toMatchObject({ data: { oidc: null } })
    expect((await fetch(`${without.admin}/oidc/start`)).status).toBe(404)
  })
})
