/** The lines that are logged when the state of a backend's member changes. No credential is in a member's url. */
import type { Logger } from 'pino'
import type { MemberChange, MemberState } from '../model/ports.ts'
import { describeCause } from './cause.ts'

export interface UpstreamLog {
  onChange(change: MemberChange): void
  onUnasked(upstream: string, member: string): void
}

export function upstreamLog(logger: Logger): UpstreamLog {
  return {
    onChange({ upstream, member, from, to, failure }) {
      const error =
        failure === undefined
          ? undefined
          : { code: failure.code, proxy_error: failure.proxyError, cause: describeCause(failure.cause) }
      const [level, message] = wordsFor(from, to)
      logger[level]({ upstream, member, state: to, error }, message)
    },
    onUnasked(upstream, member) {
      logger.warn(
        { upstream, member },
        'member answers what nobody asked: its connections are not kept until it proves itself',
      )
    },
  }
}

function wordsFor(from: MemberState, to: MemberState): readonly ['warn' | 'info', string] {
  if (to === 'ejected') return ['warn', 'member down: its answers to probes are bad']
  if (from === 'ejected') return ['info', 'member up: its answers to probes are good']
  switch (to) {
    case 'open':
      return ['warn', 'breaker open: the member is left alone']
    case 'half-open':
      return ['info', 'breaker half-open: one request tries the member']
    case 'healthy':
      return ['info', 'breaker closed: the member is back']
  }
}
