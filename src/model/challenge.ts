/** What a caller is told who has not proved who they are. */
import { type Failure, refused } from './failure.ts'

export interface ChallengeRule {
  /** 403 as the backend's documents say, or 401 with a challenge. */
  readonly unauthenticatedStatus: 401 | 403
  readonly realm: string
}

/**
 * The failure of a caller without valid credentials. With status 401 it carries the challenge that RFC 9110 §15.5.2
 * demands; `charset` is RFC 7617 §2.1. Nothing of the request is in it. `cause` is for the log only.
 */
export function unauthenticated(
  rule: ChallengeRule,
  code: 'credentials-missing' | 'credentials-invalid' | 'session-expired',
  cause?: unknown,
): Failure {
  if (rule.unauthenticatedStatus === 403) return refused(code, { cause })
  return refused(code, {
    cause,
    status: 401,
    headers: ['WWW-Authenticate', `Basic realm="${quotedText(rule.realm)}", charset="UTF-8"`],
  })
}

/** The inside of a quoted-string (RFC 9110 §5.6.4). */
const quotedText = (text: string): string => text.replace(/[^\t\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')
