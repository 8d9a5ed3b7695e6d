/** A real OpenID Connect provider on a free port, whose one account signs in and consents at once. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { onTestFinished } from 'vitest'

export interface Account {
  sub: string
  email: string
  email_verified: boolean | string
}

export interface RunningProvider {
  readonly issuer: string
  /** Who signs in next. */
  account: Account
}

export const clientSecret = 'a-client-secret-of-the-test'

/** `redirectUri` is asked for late: the gateway's port is known only then. */
export async function startIdentityProvider(redirectUri: () => string): Promise<RunningProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const running: RunningProvider = {
    issuer,
    account: { sub: 'subject-1', email: 'ann@example.org', email_verified: true },
  }
  let handler: ReturnType<Provider['callback']> | undefined
  const make = () => {
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'sallyport',
          client_secret: clientSecret,
          redirect_uris: [redirectUri()],
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
      claims: { openid: ['sub'], email: ['email', 'email_verified'] },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
      findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ ...running.account }) }),
      cookies: { keys: ['test'] },
    })
    return { provider, callback: provider.callback() }
  }
  let made: ReturnType<typeof make> | undefined
  server.on('request', (request, response) => {
    made ??= make()
    const { provider, callback } = made
    handler = callback
    if (request.url?.startsWith('/interaction/') !== true) return void handler(request, response)
    void provider
      .interactionDetails(request, response)
      .then(async ({ params }) => {
        const grant = new provider.Grant({ accountId: running.account.sub, clientId: String(params['client_id']) })
        grant.addOIDCScope('openid email')
        const grantId = await grant.save()
        const result = { login: { accountId: running.account.sub }, consent: { grantId } }
        await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
      })
      .catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return running
}
