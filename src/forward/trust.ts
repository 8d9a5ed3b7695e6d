/**
 * Whether connections to a member are kept. An answer of HTTP/1.1 does not say which request it answers: a member that
 * answers before it is asked gives each caller the answer of the one before. So connections are kept only where the member
 * has shown that it answers what it is asked: it was told to close the connection behind its answer (RFC 9112 §9.6), and
 * said that it would, or did so with nothing behind the answer. That proves it, however long it takes. Pure.
 */

export type Trust =
  | { readonly kind: 'unproven' }
  | { readonly kind: 'proven' }
  /** It spoke on a new connection before anything was asked: for a while only an answer counts that says that it is the last. */
  | { readonly kind: 'distrusted'; readonly untilMs: number }

export const unproven: Trust = Object.freeze({ kind: 'unproven' })
const proven: Trust = Object.freeze({ kind: 'proven' })

const distrustMs = 10_000

export function trustAt(trust: Trust, nowMs: number): Trust {
  return trust.kind === 'distrusted' && nowMs >= trust.untilMs ? unproven : trust
}

export function afterProof(trust: Trust): Trust {
  return trust.kind === 'unproven' ? proven : trust
}

/** Bytes came behind an answer: those of a body that is longer than it was said to be, or an answer too many. */
export function afterSurplus(trust: Trust): Trust {
  return trust.kind === 'proven' ? unproven : trust
}

export const afterSpeech = (nowMs: number): Trust => ({ kind: 'distrusted', untilMs: nowMs + distrustMs })

/** Nobody listens there: what runs next may be another program. */
export function afterAbsence(trust: Trust): Trust {
  return trust.kind === 'proven' ? unproven : trust
}
