/** Stage authenticate: the credential and the address in, `gate.principal` out; no credential is left to authorize. */
import fp from 'fastify-plugin'
import '../context.ts'
import type { Gate, Tenant } from '../context.ts'
import { unauthenticated } from '../model/challenge.ts'
import { type Failure, refused } from '../model/failure.ts'
import type { CredentialSource } from '../model/ports.ts'
import type { Clock } from '../model/time.ts'
import { authenticator, type Failures, type Outcome } from './authenticator.ts'
import { claimedNameOf } from './claimed-name.ts'
import type { Identities } from './identities.ts'
import { lookUpBudget } from './look-up-budget.ts'
import { credentialMemo } from './memo.ts'

export interface AuthenticateOptions {
  readonly identities: Identities
  readonly failures: Failures
  readonly clock: Clock
  /** Told of every use of a token; never awaited. */
  readonly touch: CredentialSource['touch']
}

export const authenticate = fp<AuthenticateOptions>(
  async (app, { identities, failures, clock, touch }) => {
    const ask = authenticator({
      identities,
      memo: credentialMemo(),
      failures,
      budget: lookUpBudget(clock),
      clock,
      touch: (token, epochMs) => touch(token, epochMs),
    })

    app.addHook('onRequest', (request, _reply, done) => {
      const { gate } = request
      const { tenant, match, headers } = gate
      // On public routes no credential is looked at, right or wrong.
      if (match?.kind === 'rule' && match.rule.allow.kind === 'public') return done()
      if (tenant === undefined || headers === undefined) {
        return done(refused('internal', { cause: 'nothing was screened' }))
      }

      const rule = tenant.config.auth
      const outcome = ask({
        tenant: tenant.config.name,
        rule,
        authorization: headers.authorization,
        apiKey: rule.apiKey ? headers.apiKey : undefined,
        address: gate.clientAddress,
      })
      if (outcome instanceof Promise) return later(gate, tenant, outcome)
      return done(settle(gate, tenant, outcome))
    })
  },
  { name: 'authenticate', dependencies: ['screen'] },
)

/** Fastify goes on when a promise that a hook returns is resolved: only a credential that must be looked up pays for one. */
async function later(gate: Gate, tenant: Tenant, outcome: Promise<Outcome>): Promise<void> {
  const failure = settle(gate, tenant, await outcome)
  if (failure !== undefined) throw failure
}

/** Writes the outcome to the gate; a failure where the request ends here. */
function settle(gate: Gate, tenant: Tenant, outcome: Outcome): Failure | undefined {
  switch (outcome.kind) {
    case 'anonymous':
      return undefined
    case 'authenticated':
      gate.principal = outcome.principal
      gate.claimedName = outcome.principal.identity.name
      return undefined
    case 'refused':
      gate.claimedName = claimed(outcome.claimedName)
      return unauthenticated(tenant.config.auth, 'credentials-invalid', outcome.because)
    case 'limited':
      gate.claimedName = claimed(outcome.claimedName)
      return refused('too-many-failures', { retryAfterSeconds: outcome.retryAfterSeconds })
    case 'unavailable':
      gate.claimedName = claimed(outcome.claimedName)
      return outcome.failure
  }
}

const claimed = (name: string | undefined): string | undefined => (name === undefined ? undefined : claimedNameOf(name))
