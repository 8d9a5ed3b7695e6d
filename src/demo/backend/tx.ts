/** `POST /api/tx`: nothing is sent, the mails are noted. */
import type { Bound } from './bind.ts'
import { bindError, bindNode } from './bind.ts'
import type { Context, Routes } from './context.ts'
import { bind } from './context.ts'
import { goParse } from './go-parse.ts'
import type { Person } from './render.ts'
import { renderText } from './render.ts'
import { bad, done } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { subscriberByEmail } from './subscriber-changes.ts'
import type { World } from './world.ts'

export function addTxRoutes(routes: Routes): void {
  routes.add('POST', '/api/tx', sendTx)
}

const shape = {
  subscriber_emails: 'strings',
  subscriber_ids: 'ints',
  subscriber_email: 'string',
  subscriber_id: 'int',
  subscriber_mode: 'string',
  template_id: 'int',
  data: 'map',
  from_email: 'string',
  subject: 'string',
  messenger: 'string',
  content_type: 'string',
} as const
type Message = Bound<typeof shape>

function read(context: Context): Message {
  if (!context.contentType.startsWith('multipart/form-data')) return bind(context, shape)
  const fields = context.parts.filter((part) => part.name === 'data' && part.filename === undefined)
  const [field] = fields
  if (field === undefined || fields.length > 1) throw bad('Invalid fields: data')
  try {
    return bindNode(goParse(field.content, true), shape)
  } catch (error) {
    throw bindError(error) ?? error
  }
}

function sendTx(context: Context): JsonReply {
  const { world } = context
  const message = read(context)
  const { subscriber_email: email = '', subscriber_id: id = 0, subscriber_mode: mode = 'default' } = message
  const emails = email === '' ? (message.subscriber_emails ?? []) : [email]
  const ids = id === 0 ? (message.subscriber_ids ?? []) : [id]
  if ((emails.length === 0) === (ids.length === 0))
    throw bad('Invalid fields: send subscriber_emails OR subscriber_ids')
  const template = world.templates.get(message.template_id ?? 0)
  if (template?.type !== 'tx') throw bad(`template ${message.template_id ?? 0} not found`)
  const text = message.subject === undefined || message.subject === '' ? template.subject : message.subject
  // The subject rendered for the first recipient goes to all.
  let subject: string | undefined
  const unknown: string[] = []
  for (const wanted of [...emails, ...ids]) {
    const person = recipient(world, wanted, mode)
    if (person === undefined) {
      unknown.push(
        typeof wanted === 'string' ? `Subscriber (0: ${wanted}) not found` : `Subscriber (${wanted}: ) not found`,
      )
      continue
    }
    subject ??= renderText(text, person, message.data ?? {})
    world.mails.push([person.email, subject])
  }
  // Those who were found have their mail by now.
  if (unknown.length > 0) throw bad(unknown.join('; '))
  return done
}

function recipient(world: World, wanted: string | number, mode: string): Person | undefined {
  if (typeof wanted === 'number') return world.subscribers.get(wanted)
  const external = { email: wanted, name: '' }
  if (mode === 'external') return external
  return subscriberByEmail(world, wanted) ?? (mode === 'fallback' ? external : undefined)
}
