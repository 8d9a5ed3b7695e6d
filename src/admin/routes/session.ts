/** Signing in and out. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refused } from '../../model/failure.ts'
import { parseTenantName, type UserId } from '../../model/ids.ts'
import type { SignInMethod } from '../../store/sessions.ts'
import type { Author } from '../../model/author.ts'
import type { Cookies } from '../cookies.ts'
import { done, endpoint, openEndpoint, type Endpoint } from '../endpoint.ts'
import { isForged } from '../forgery.ts'
import type { AdminParts } from '../parts.ts'
import { newSecret, secretSha256 } from '../people/secrets.ts'
import { signIn, signInOptions } from '../schemas/people.ts'

const deviceDays = 90

export interface Opening {
  readonly user: UserId
  readonly method: SignInMethod
  readonly secondFactor: boolean
}

/** Starts a session and gives its cookie; what was open in this browser before is another's, and its cookie is gone. */
export type OpenSession = (opening: Opening, by: Author, request: FastifyRequest, reply: FastifyReply) => Promise<void>

export function sessionOpener({ store, config, clock, random, people }: AdminParts, cookies: Cookies): OpenSession {
  return async ({ user, method, secondFactor }, by, request, reply) => {
    const secret = newSecret(random)
    const lifetimeMs = config().admin.sessionLifetimeMs
    const expiresAt = clock.epochMs() + lifetimeMs
    const { address, agent } = request.admin
    const session = { user, sha256: secretSha256(secret), method, secondFactor, address, agent, expiresAt }
    await store.sessions.start(session, by)
    void reply.setCookie(cookies.names.session, secret, cookies.options(Math.ceil(lifetimeMs / 1000)))
    void reply.setCookie(cookies.names.device, people.devices.make(user), cookies.options(deviceDays * 86_400))
  }
}

/** A page of somebody else's must not sign a browser in, or use a link of theirs in it. */
export function refuseForged(request: FastifyRequest): void {
  if (isForged(request.method, request.headers)) throw refused('request-forgery')
}

export function signInEndpoints(parts: AdminParts, cookies: Cookies, open: OpenSession): readonly Endpoint[] {
  const { store, people, config, live } = parts
  return [
    openEndpoint({
      id: 'getSignInOptions',
      route: 'GET /api/sign-in',
      tag: 'session',
      summary: 'How people can sign in',
      answer: signInOptions,
      handle: async () => {
        const { oidc } = config().admin
        return {
          data: { oidc: oidc === undefined ? null : { label: oidc.label }, tenants: live.current().tenants.length > 1 },
        }
      },
    }),
    openEndpoint({
      id: 'signIn',
      route: 'POST /api/session',
      tag: 'session',
      summary: 'Sign in with a name, a password, and a code where there is a second factor',
      description:
        'On success the session is in a cookie. `second-factor-required` asks for the same again with `code`.',
      body: signIn,
      failures: ['sign-in-refused', 'second-factor-required', 'too-many-failures', 'overloaded', 'request-forgery'],
      handle: async ({ body, by, request, reply }) => {
        refuseForged(request)
        const outcome = await people.signIn({
          login: body.user,
          tenant: body.tenant === null || body.tenant === undefined ? undefined : parseTenantName(body.tenant),
          password: body.password,
          code: body.code ?? undefined,
          device: request.cookies[cookies.names.device],
          author: by,
        })
        switch (outcome.kind) {
          case 'refused':
            throw refused('sign-in-refused')
          case 'second-factor':
            throw refused('second-factor-required')
          case 'wait':
            throw refused('too-many-failures', { retryAfterSeconds: outcome.seconds })
          case 'proved': {
            const { tenant, name, id } = outcome.person
            const author = { ...by, actor: `user:${tenant}/${name}` }
            const opening = { user: id, method: 'password', secondFactor: outcome.secondFactor } as const
            await open(opening, author, request, reply)
            return done
          }
        }
      },
    }),
    endpoint({
      id: 'signOut',
      route: 'DELETE /api/session',
      tag: 'session',
      summary: 'Sign out: the session ends, the cookie goes',
      needs: 'person',
      handle: async ({ caller, by, reply }) => {
        if (caller.session !== undefined) await store.sessions.end(caller.session.id, by)
        void reply.clearCookie(cookies.names.session, cookies.options(0))
        return done
      },
    }),
  ]
}
