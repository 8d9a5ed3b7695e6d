/** What somebody sees and changes of themselves: name, rights, password, second factor, sessions. */
import { refused } from '../../model/failure.ts'
import type { PersonRecord } from '../../store/people.ts'
import type { Caller } from '../caller.ts'
import { done, endpoint, type Endpoint } from '../endpoint.ts'
import { invalid } from '../inputs.ts'
import type { AdminParts } from '../parts.ts'
import { passwordProblem } from '../people/password-rules.ts'
import { newRecoveryCodes, newTotpSecret, recoveryCodeSha256, totpStep, totpUri } from '../people/second-factor.ts'
import { totpContext } from '../people/sign-in.ts'
import { sessionJson, shownTime } from '../present.ts'
import { sessionList } from '../schemas/audit.ts'
import { me, passwordChange, proof, recoveryCodes, totpConfirmation, totpStart } from '../schemas/people.ts'

export function meEndpoints(parts: AdminParts): readonly Endpoint[] {
  const { store, people, clock, random } = parts

  const personOf = async ({ authority }: Caller): Promise<PersonRecord> => {
    const person = await store.people.get(authority.identity.id)
    if (person === undefined) throw refused('not-found')
    return person
  }
  /** Whoever sits down at somebody's open browser must not take the account over. Guesses count as at sign-in. */
  const prove = async (caller: Caller, password: string, code: string | undefined): Promise<PersonRecord> => {
    const person = await personOf(caller)
    const { tenant, name } = person
    const outcome = await people.signIn({
      login: name,
      tenant,
      password,
      code,
      device: undefined,
      session: caller.session?.id,
      author: caller.author,
    })
    switch (outcome.kind) {
      case 'proved':
        return person
      case 'second-factor':
        throw refused('second-factor-required')
      case 'wait':
        throw refused('too-many-failures', { retryAfterSeconds: outcome.seconds })
      case 'refused':
        throw refused('sign-in-refused', { message: 'the password or the code is wrong' })
    }
  }
  const freshCodes = () => {
    const codes = newRecoveryCodes(random)
    const hashes = codes.flatMap((code) => recoveryCodeSha256(code) ?? [])
    return { codes, hashes }
  }

  return [
    endpoint({
      id: 'getMe',
      route: 'GET /api/me',
      tag: 'me',
      summary: 'Who the caller is, and what they may do here',
      needs: 'signed-in',
      answer: me,
      handle: async ({ caller }) => ({ data: await meJson(parts, caller) }),
    }),
    endpoint({
      id: 'changePassword',
      route: 'PUT /api/me/password',
      tag: 'me',
      summary: 'Change the password; every other session ends',
      needs: 'person',
      body: passwordChange,
      failures: ['sign-in-refused', 'second-factor-required', 'too-many-failures', 'overloaded'],
      handle: async ({ caller, body, by }) => {
        const { name, email } = await personOf(caller)
        const problem = passwordProblem(body.new, namesOf(name, email))
        if (problem !== undefined) throw invalid({ path: 'new', problem })
        const person = await prove(caller, body.current, body.code ?? undefined)
        await store.people.setPassword(person.id, await people.hash.make(body.new), caller.session?.id, by)
        return done
      },
    }),
    endpoint({
      id: 'startTotp',
      route: 'POST /api/me/totp',
      tag: 'me',
      summary: 'Begin a second factor: a secret for an authenticator app',
      needs: 'person',
      answer: totpStart,
      status: 201,
      failures: ['conflict'],
      handle: async ({ caller }) => {
        const person = await personOf(caller)
        const secret = newTotpSecret(random)
        await store.people.startTotp(person.id, people.seal.seal(secret, totpContext(person)))
        return { data: { secret, uri: totpUri(secret, `${person.tenant}/${person.name}`) } }
      },
    }),
    endpoint({
      id: 'confirmTotp',
      route: 'PUT /api/me/totp',
      tag: 'me',
      summary: 'Prove the second factor with a code; tells recovery codes, once',
      needs: 'person',
      body: totpConfirmation,
      answer: recoveryCodes,
      failures: ['conflict'],
      handle: async ({ caller, body, by }) => {
        const person = await personOf(caller)
        const sealed = await store.people.pendingTotp(person.id)
        const secret = sealed === undefined ? undefined : people.seal.open(sealed, totpContext(person))
        if (secret === undefined) throw refused('conflict', { message: 'no second factor waits to be confirmed' })
        const step = totpStep(secret, body.code, clock.epochMs())
        if (step === undefined) throw invalid({ path: 'code', problem: 'is not the code of this moment' })
        const { codes, hashes } = freshCodes()
        await store.people.confirmTotp(person.id, step, hashes, by)
        return { data: { codes: [...codes] } }
      },
    }),
    endpoint({
      id: 'removeTotp',
      route: 'POST /api/me/totp/removal',
      tag: 'me',
      summary: 'Remove the second factor',
      needs: 'person',
      body: proof,
      failures: ['sign-in-refused', 'second-factor-required', 'too-many-failures', 'overloaded'],
      handle: async ({ caller, body, by }) => {
        const person = await prove(caller, body.password, body.code ?? undefined)
        await store.people.removeTotp(person.id, by)
        return done
      },
    }),
    endpoint({
      id: 'replaceRecoveryCodes',
      route: 'POST /api/me/recovery-codes',
      tag: 'me',
      summary: 'New recovery codes in place of the old ones, shown once',
      needs: 'person',
      body: proof,
      answer: recoveryCodes,
      status: 201,
      failures: ['conflict', 'sign-in-refused', 'second-factor-required', 'too-many-failures', 'overloaded'],
      handle: async ({ caller, body, by }) => {
        const person = await prove(caller, body.password, body.code ?? undefined)
        const { codes, hashes } = freshCodes()
        await store.people.replaceRecoveryCodes(person.id, hashes, by)
        return { data: { codes: [...codes] } }
      },
    }),
    endpoint({
      id: 'listMySessions',
      route: 'GET /api/me/sessions',
      tag: 'me',
      summary: 'The sessions of the caller',
      needs: 'person',
      answer: sessionList,
      handle: async ({ caller }) => {
        const found = await store.sessions.list({ user: caller.authority.identity.id, limit: 200 })
        return { data: { results: found.map((each) => sessionJson(each, caller.session?.id)) } }
      },
    }),
    endpoint({
      id: 'endMyOtherSessions',
      route: 'DELETE /api/me/sessions',
      tag: 'me',
      summary: 'End every session of the caller but this one',
      needs: 'person',
      handle: async ({ caller, by }) => {
        await store.sessions.endAll(caller.authority.identity.id, caller.session?.id, by)
        return done
      },
    }),
  ]
}

/** What is easily guessed of somebody. */
export const namesOf = (name: string, email: string | undefined): readonly string[] => [
  name,
  ...(email === undefined ? [] : [email, email.split('@')[0] ?? email]),
]

async function meJson({ store }: AdminParts, { authority, session }: Caller) {
  const { identity, grants } = authority
  const person = identity.kind === 'person' ? await store.people.get(identity.id) : undefined
  return {
    id: identity.id,
    tenant: identity.tenant,
    name: identity.name,
    email: person?.email ?? null,
    kind: identity.kind,
    roles: [...identity.roles],
    admin: [...grants.admin.keys()],
    permissions: [...grants.permissions.keys()],
    every_tenant: grants.admin.has('tenants:all'),
    session:
      session === undefined
        ? null
        : {
            id: session.id,
            method: session.method,
            second_factor: session.secondFactor,
            expires_at: shownTime(session.expiresAt),
          },
    second_factor: person?.totp === undefined ? ('none' as const) : ('totp' as const),
    recovery_codes: person?.recoveryCodes ?? 0,
    has_password: person?.phc !== undefined,
  }
}
