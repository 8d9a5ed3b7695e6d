/** What a caller is told of a denied decision. */
import type { Denied, DenyReason } from '../model/decision.ts'
import { refused, type Failure, type FailureCode } from '../model/failure.ts'

/** The failure of the catalogue that each reason ends in. */
export const codeOf = {
  'credentials-missing': 'credentials-missing',
  'permission-missing': 'permission-denied',
  'list-not-granted': 'list-denied',
  'no-list-granted': 'list-denied',
  'lists-absent': 'list-denied',
  'lists-intersect': 'list-denied',
  'everywhere-not-granted': 'permission-denied',
  'thing-not-granted': 'list-denied',
  'scope-unreadable': 'scope-unreadable',
  gone: 'gone',
} as const satisfies Record<DenyReason, FailureCode>

export function refusalOf(denied: Denied): Failure {
  const { permissions, lists } = denied
  const message = sentenceOf(denied)
  return refused(codeOf[denied.reason], {
    ...(message === undefined ? {} : { message }),
    details: {
      ...(permissions.length === 0 ? {} : { permissions }),
      ...(lists.length === 0 ? {} : { lists }),
    },
  })
}

/** One sentence that can be sent to the caller as it is; it names no rule and no place. */
function sentenceOf(denied: Denied): string | undefined {
  const access = denied.need === 'manage' ? 'manage' : 'get'
  switch (denied.reason) {
    case 'permission-missing':
      return `permission denied: ${denied.permissions.join(' or ')}`
    case 'everywhere-not-granted':
      return `permission denied: this acts on every list and takes ${denied.permissions.join(' or ')}`
    case 'list-not-granted':
      return `permission denied: lists ${denied.lists.join(', ')} (list:${access})`
    case 'no-list-granted':
      return `permission denied: no list is granted (list:${access})`
    case 'lists-absent':
      return 'permission denied: name the lists'
    case 'lists-intersect':
      return `permission denied: name one list a call, not ${denied.lists.join(', ')}: the backend would answer only what is on all of them`
    case 'thing-not-granted':
      return `permission denied: not within your lists (list:${access})`
    case 'gone':
      return denied.detail
    case 'credentials-missing':
    case 'scope-unreadable':
      return undefined
  }
}
