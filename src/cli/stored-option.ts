/** `--stored subscriber:18=3,7`: what a look-up would find, said on the command line. */
import { quoted, remedyFor } from '../config/suggest.ts'
import type { FoundThings } from '../model/decision.ts'
import { parseEmail } from '../model/email.ts'
import type { ListId } from '../model/ids.ts'
import { parseListId } from '../model/ids.ts'
import type { Resource } from '../policy/rule.ts'
import { listNumber } from './arguments.ts'
import { usageError } from './command-error.ts'

/** `resource:key=lists`; without a list the thing is on none, and `none` is a thing that is not there. */
export function storedThings(texts: readonly string[], resources: ReadonlyMap<string, Resource>): FoundThings {
  const found = new Map<string, Map<string, readonly ListId[] | undefined>>()
  for (const text of texts) {
    const [, name = '', named = '', lists = ''] = /^([^:]*):(.*)=([^=]*)$/.exec(text) ?? []
    if (name === '' || named === '') throw usageError(`${quoted(text)} is no stored thing - write subscriber:18=3,7`)
    const resource = resources.get(name)
    if (resource === undefined)
      throw usageError(`there is no resource ${quoted(name)} - ${remedyFor(name, resources.keys())}`)
    const key = resource.key === 'email' ? parseEmail(named) : parseListId(named)?.toString()
    if (key === undefined) {
      throw usageError(`${quoted(named)} names no ${name} - use ${resource.key === 'email' ? 'an address' : 'an id'}`)
    }
    const things = found.get(name) ?? new Map<string, readonly ListId[] | undefined>()
    found.set(name, things.set(key, listsIn(lists)))
  }
  return found
}

function listsIn(text: string): readonly ListId[] | undefined {
  if (text === 'none') return undefined
  return text === '' ? [] : text.split(',').map(listNumber)
}
