/** The two addresses of sign-in through an identity provider: where the browser leaves for it, and where it comes back. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OidcConfig } from '../../config/config.ts'
import type { Author } from '../../model/author.ts'
import type { UserId } from '../../model/ids.ts'
import { strangerOf } from '../caller.ts'
import type { Cookies } from '../cookies.ts'
import type { AdminParts } from '../parts.ts'
import { identityProvider, type Pending, type Proved } from '../people/oidc.ts'
import { adminOrigin } from '../people/one-time-links.ts'
import type { OpenSession } from './session.ts'

const pendingSeconds = 600
const context = 'oidc'

export function registerOidc(
  app: FastifyInstance,
  oidc: OidcConfig,
  parts: AdminParts,
  cookies: Cookies,
  open: OpenSession,
): void {
  const { config, people, store } = parts
  const provider = identityProvider(oidc)
  const callback = (): string => `${adminOrigin(config(), parts.listensAt())}/oidc/callback`
  // Lax: the provider's page sends the browser back here, and a strict cookie would stay at home.
  const options = { ...cookies.options(pendingSeconds), sameSite: 'lax' } as const

  const refuse = async (request: FastifyRequest, reply: FastifyReply, because: string, error?: unknown) => {
    const details = { because, cause: error instanceof Error ? error.name : undefined }
    await store.recordAct({ action: 'session.refused', subject: 'identity provider', details }, strangerOf(request))
    return reply.redirect('/sign-in?sso=refused', 303)
  }

  app.get('/oidc/start', { schema: { hide: true } as object }, async (_request, reply) => {
    try {
      const { url, pending } = await provider.begin(callback())
      void reply.setCookie(cookies.names.oidc, people.seal.seal(JSON.stringify(pending), context), options)
      return await reply.redirect(url, 303)
    } catch (error) {
      parts.warn({ cause: String(error) }, 'the identity provider cannot be reached')
      return reply.redirect('/sign-in?sso=away', 303)
    }
  })

  app.get('/oidc/callback', { schema: { hide: true } as object }, async (request, reply) => {
    const pending = opened(people.seal.open(request.cookies[cookies.names.oidc] ?? '', context))
    void reply.clearCookie(cookies.names.oidc, options)
    if (pending === undefined) return refuse(request, reply, 'not-begun-here')
    let proved: Proved
    try {
      proved = await provider.finish(new URL(request.url, callback()), pending)
    } catch (error) {
      return refuse(request, reply, 'not-proved', error)
    }
    const stranger = strangerOf(request)
    const user = await personOf(parts, proved, stranger)
    const person = user === undefined ? undefined : await store.people.get(user)
    if (person === undefined || person.status !== 'enabled' || !people.isTenant(person.tenant)) {
      return refuse(request, reply, proved.email === undefined ? 'no-verified-email' : 'nobody-here')
    }
    const author = { ...stranger, actor: `user:${person.tenant}/${person.name}` }
    await open({ user: person.id, method: 'oidc', secondFactor: false }, author, request, reply)
    // A redirect would still count as the provider's: the new cookie, which is strict, would not be sent with it.
    return reply.type('text/html; charset=utf-8').send(onward)
  })
}

const onward =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signed in</title><meta http-equiv="refresh" content="0; url=/"></head><body><p>Signed in: <a href="/">go on</a></p></body></html>\n'

/** Bound to the subject at the first sign-in, by an address that the provider verified; by the subject alone from then on. */
async function personOf({ store }: AdminParts, proved: Proved, by: Author): Promise<UserId | undefined> {
  const known = await store.people.findSubject(proved)
  if (known !== undefined) return known
  const found = proved.email === undefined ? undefined : await store.people.findByEmail(proved.email)
  const person = found === undefined ? undefined : await store.people.get(found)
  if (person === undefined || person.status !== 'enabled') return undefined
  try {
    await store.people.bindSubject(proved, person.id, by)
    return person.id
  } catch {
    // Bound to another account of the provider: the address changed hands there.
    return undefined
  }
}

function opened(sealed: string | undefined): Pending | undefined {
  return sealed === undefined ? undefined : (JSON.parse(sealed) as Pending)
}
