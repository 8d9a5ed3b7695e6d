/** One-time links: the first administrator sets up with one, people set their password with one. */
import { ownerRole } from '../../model/admin-permission.ts'
import { refused } from '../../model/failure.ts'
import { done, endpoint, openEndpoint, type Endpoint } from '../endpoint.ts'
import { checkAbove } from '../giving.ts'
import { invalid } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { adminOrigin, makeLink, passwordLinkMs } from '../people/one-time-links.ts'
import { passwordProblem } from '../people/password-rules.ts'
import { secretSha256 } from '../people/secrets.ts'
import { shownTime } from '../present.ts'
import { link, linkSecret, linkUse, madeLink } from '../schemas/people.ts'
import { namesOf } from './me.ts'
import { refuseForged, type OpenSession } from './session.ts'
import { identityOf, userPath } from './users.ts'

export function linkEndpoints(parts: AdminParts, open: OpenSession): readonly Endpoint[] {
  const { store, people, live, config, clock, random } = parts

  const find = async (secret: string) => {
    const found = await store.people.findLink(secretSha256(secret))
    if (found === undefined) throw used()
    const person = found.purpose === 'password' ? await store.people.get(found.user) : undefined
    // Of a tenant that is configured no more: they could not come in.
    if (person !== undefined && !people.isTenant(person.tenant)) throw used()
    return { ...found, person }
  }
  return [
    openEndpoint({
      id: 'getLink',
      route: 'POST /api/link/inspection',
      tag: 'links',
      summary: 'What a one-time link is for',
      body: linkSecret,
      answer: link,
      failures: ['not-found'],
      handle: async ({ body }) => {
        const { purpose, expiresAt, person } = await find(body.secret)
        return { data: { purpose, user: person?.name ?? null, expires_at: shownTime(expiresAt) } }
      },
    }),
    openEndpoint({
      id: 'useLink',
      route: 'POST /api/link',
      tag: 'links',
      summary: 'Use a one-time link up: set a password, and be signed in',
      description: 'A set-up link takes the name of the first administrator in `user`.',
      body: linkUse,
      failures: ['not-found', 'conflict', 'overloaded', 'request-forgery'],
      handle: async ({ body, by, request, reply }) => {
        refuseForged(request)
        const found = await find(body.secret)
        const name = found.purpose === 'setup' ? body.user : found.person?.name
        if (name === undefined) throw invalid({ path: 'user', problem: 'is missing' })
        const problem = passwordProblem(body.password, namesOf(name, found.person?.email))
        if (problem !== undefined) throw invalid({ path: 'password', problem })
        const [tenant] = live.current().tenants
        if (tenant === undefined) throw refused('internal', { cause: 'no tenant' })
        const { name: tenantName } = tenant.config
        const phc = await people.hash.make(body.password)
        const sha256 = secretSha256(body.secret)
        const author = { ...by, actor: `user:${found.person?.tenant ?? tenantName}/${name}` }
        const user =
          found.purpose === 'setup'
            ? await store.people.redeemSetup(sha256, { tenant: tenantName, name, role: ownerRole, phc }, author)
            : await store.people.redeemPassword(sha256, phc, author)
        // Who has a second factor signs in with it: the link alone is not enough.
        if (found.person?.totp !== undefined) return done
        await open({ user, method: 'link', secondFactor: false }, author, request, reply)
        return done
      },
    }),
    endpoint({
      id: 'makeUserLink',
      route: 'POST /api/tenants/:tenant/users/:user/link',
      tag: 'users',
      summary: 'A one-time link with which a person sets a password; links of before are void',
      needs: 'users:manage',
      params: userPath,
      answer: madeLink,
      status: 201,
      failures: ['conflict', 'grant-exceeds'],
      handle: async ({ tenant, params, caller, by }) => {
        const identity = await identityOf(parts, tenant, params.user)
        mustBePerson(identity)
        if (identity.status !== 'enabled') throw refused('conflict', { message: `${identity.name} is disabled` })
        checkAbove(caller.authority, tenant, identity, parts)
        const made = makeLink(adminOrigin(config(), parts.listensAt()), passwordLinkMs, clock.epochMs(), random)
        await store.people.writePasswordLink(identity.id, made, by)
        return { data: { url: made.url, expires_at: shownTime(made.expiresAt) } }
      },
    }),
    endpoint({
      id: 'resetSecondFactor',
      route: 'DELETE /api/tenants/:tenant/users/:user/second-factor',
      tag: 'users',
      summary: 'Remove the second factor of a person who lost it, and the binding to an identity provider',
      needs: 'users:manage',
      params: userPath,
      failures: ['conflict', 'grant-exceeds'],
      handle: async ({ tenant, params, caller, by }) => {
        const identity = await identityOf(parts, tenant, params.user)
        mustBePerson(identity)
        checkAbove(caller.authority, tenant, identity, parts)
        await store.people.removeTotp(identity.id, by)
        await store.people.unbindSubjects(identity.id, by)
        return done
      },
    }),
    endpoint({
      id: 'endUserSessions',
      route: 'DELETE /api/tenants/:tenant/users/:user/sessions',
      tag: 'users',
      summary: 'End every session of a person',
      needs: 'sessions:manage',
      params: userPath,
      failures: ['conflict', 'grant-exceeds'],
      handle: async ({ tenant, params, caller, by }) => {
        const identity = await identityOf(parts, tenant, params.user)
        mustBePerson(identity)
        checkAbove(caller.authority, tenant, identity, parts)
        await store.sessions.endAll(identity.id, undefined, by)
        return done
      },
    }),
  ]
}

const used = (): Error => refused('not-found', { message: 'this link was used, or is over' })

function mustBePerson({ kind, name }: { readonly kind: 'api' | 'person'; readonly name: string }): void {
  if (kind !== 'person') throw refused('conflict', { message: `${name} is an API user: it holds tokens` })
}
