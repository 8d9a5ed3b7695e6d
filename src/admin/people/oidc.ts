/** Sign-in through an identity provider: OpenID Connect's code flow with PKCE, state and nonce (RFC 9700 §2.1). */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client'
import type { OidcConfig } from '../../config/config.ts'

/** What the browser keeps, sealed, until it comes back. */
export interface Pending {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export interface Proved {
  readonly issuer: string
  readonly subject: string
  /** In lower case; `undefined` where the provider does not say that it verified one. */
  readonly email: string | undefined
}

export interface IdentityProvider {
  /** Where to send the browser. Rejects while the provider cannot be reached. */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly pending: Pending }>
  /** `returned`: the address at which the browser came back. Rejects where it proves nothing. */
  finish(returned: URL, pending: Pending): Promise<Proved>
}

export function identityProvider(config: OidcConfig): IdentityProvider {
  let discovered: Promise<Configuration> | undefined

  const configuration = (): Promise<Configuration> => {
    // Kept once it succeeded; what failed is asked for again.
    discovered ??= discover(config).catch((error: unknown) => {
      discovered = undefined
      throw error
    })
    return discovered
  }
  return {
    async begin(redirectUri) {
      const known = await configuration()
      const pending = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
      const url = buildAuthorizationUrl(known, {
        redirect_uri: redirectUri,
        scope: 'openid email',
        code_challenge: await calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
        state: pending.state,
        nonce: pending.nonce,
      })
      return { url: url.href, pending }
    },
    async finish(returned, { state, nonce, verifier }) {
      const known = await configuration()
      const tokens = await authorizationCodeGrant(known, returned, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (claims === undefined) throw new Error('the provider sent no id token')
      const { iss: issuer, sub: subject } = claims
      const about = claims['email'] === undefined ? await fetchUserInfo(known, tokens.access_token, subject) : claims
      const { email, email_verified: isVerified } = about
      // Only `true` itself: some providers write "false".
      const address = typeof email === 'string' && isVerified === true ? email.toLowerCase() : undefined
      return { issuer, subject, email: address }
    },
  }
}

const timeoutSeconds = 10

function discover({ issuer, clientId, clientSecret }: OidcConfig): Promise<Configuration> {
  const url = new URL(issuer)
  // The configuration takes plain http on this machine alone.
  // oxlint-disable-next-line typescript/no-deprecated -- marked so to stand out: this is the local use it is for
  const execute = url.protocol === 'http:' ? [allowInsecureRequests] : []
  return discovery(url, clientId, clientSecret, undefined, { execute, timeout: timeoutSeconds })
}
