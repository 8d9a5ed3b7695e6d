/** `/api/import/subscribers`: the file is read at once, so that the state is right when the answer arrives. */
import type { Bound } from './bind.ts'
import { bindNode, GoTypeError } from './bind.ts'
import type { Context, Routes } from './context.ts'
import { formValue } from './context.ts'
import { parseCsv } from './csv.ts'
import { GoSyntaxError, goParse } from './go-parse.ts'
import type { JsonObject } from './json.ts'
import { bad, data, failed, Refusal } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { blocklist, cleanEmail, insertSubscriber, subscribe } from './subscriber-changes.ts'
import type { SubscriberRow } from './rows.ts'
import type { World } from './world.ts'

export function addImportRoutes(routes: Routes): void {
  routes.add('GET', '/api/import/subscribers', ({ world }) => data(status(world)))
  routes.add('GET', '/api/import/subscribers/logs', ({ world }) => data(world.importing.log))
  routes.add('POST', '/api/import/subscribers', importSubscribers)
  routes.add('DELETE', '/api/import/subscribers', stopImport)
}

const shape = {
  mode: 'string',
  delim: 'string',
  lists: 'ints',
  subscription_status: 'string',
  overwrite: 'bool',
  overwrite_userinfo: 'bool',
  overwrite_subscription_status: 'bool',
} as const
type Params = Bound<typeof shape>

const status = ({ importing: { name, total, imported, status: state } }: World): object => ({
  ...{ name, total, imported, status: state },
})

function stopImport({ world }: Context): JsonReply {
  world.importing = { name: '', total: 0, imported: 0, status: 'none', log: '' }
  return data(status(world))
}

function importSubscribers(context: Context): JsonReply {
  const { world } = context
  const params = readParams(formValue(context, 'params'))
  const { mode = '', delim = '', lists } = params
  if (mode !== 'subscribe' && mode !== 'blocklist') throw bad('Invalid mode')
  if (mode === 'subscribe' && (lists ?? []).length === 0) throw new Refusal(403, 'Permission denied: lists')
  if (!['', 'unconfirmed', 'confirmed', 'unsubscribed'].includes(params.subscription_status ?? '')) {
    throw bad('Invalid subscription status')
  }
  if (Buffer.byteLength(delim) !== 1) throw bad('Delimiter should be a single character.')
  const file = context.parts.find((part) => part.name === 'file' && part.filename !== undefined)
  if (file === undefined) {
    const isMultipart = context.contentType.startsWith('multipart/form-data')
    throw bad(`Invalid file: ${isMultipart ? 'http: no such file' : `request Content-Type isn't multipart/form-data`}`)
  }
  const name = file.filename ?? ''
  if (!name.endsWith('.csv')) throw failed('Error processing ZIP file: zip: not a valid zip file')
  const records = parseCsv(file.content.toString('utf8'), delim)
  const imported = runImport(context, params, records)
  world.importing = {
    name,
    total: records.length - 1,
    imported,
    status: 'finished',
    log: `imported ${imported} subscribers\n`,
  }
  return data({ name, total: 0, imported: 0, status: 'importing' })
}

function readParams(text: string): Params {
  try {
    return bindNode(goParse(Buffer.from(text), true), shape)
  } catch (error) {
    if (error instanceof GoTypeError) {
      const { got, field, expected } = error
      throw bad(
        `Invalid params: json: cannot unmarshal ${got} into Go struct field SessionOpt.${field} of type ${expected}`,
      )
    }
    if (error instanceof GoSyntaxError) throw bad(`Invalid params: ${error.message}`)
    throw error
  }
}

/** Upserts by e-mail. A row that exists uses up an id all the same, as an upsert does in the database. */
function runImport({ world, now }: Context, params: Params, records: readonly (readonly string[])[]): number {
  const [header = [], ...rows] = records
  const lists = (params.lists ?? []).filter((id) => world.lists.has(id))
  const isBlocklist = params.mode === 'blocklist'
  for (const id of lists) touch(world, id, now)
  // One list that does not exist fails the whole batch.
  if (!isBlocklist && lists.length < (params.lists ?? []).length) return 0
  const at = (name: string): number => header.findIndex((column) => column.trim().toLowerCase() === name)
  const [emailAt, nameAt, attributesAt] = [at('email'), at('name'), at('attributes')]
  const known = new Map([...world.subscribers.values()].map((row) => [row.email.toLowerCase(), row]))
  let imported = 0
  for (const record of rows) {
    const email = cleanEmail(record[emailAt] ?? '')
    if (email === undefined) continue
    const name = record[nameAt]?.trim() || (email.split('@')[0] ?? '')
    const row = upsert(world, known, { email, name, attribs: attributes(record[attributesAt]) }, params, now)
    if (isBlocklist) blocklist(row, now)
    else for (const id of lists) upsertSubscription(row, id, params, now)
    imported++
  }
  return imported
}

function touch(world: World, listId: number, now: string): void {
  const list = world.lists.get(listId)
  if (list !== undefined) list.updated_at = now
}

interface Imported {
  readonly email: string
  readonly name: string
  readonly attribs: JsonObject | null
}

function upsert(
  world: World,
  known: Map<string, SubscriberRow>,
  given: Imported,
  params: Params,
  now: string,
): SubscriberRow {
  const stored = known.get(given.email)
  if (stored === undefined) {
    const row = insertSubscriber(world, given, now)
    known.set(given.email, row)
    return row
  }
  world.next.subscribers++
  if (params.mode === 'subscribe' && ((params.overwrite ?? false) || (params.overwrite_userinfo ?? false))) {
    stored.name = given.name
    stored.attribs = given.attribs
  }
  stored.updated_at = now
  return stored
}

function upsertSubscription(row: SubscriberRow, listId: number, params: Params, now: string): void {
  const wanted =
    params.subscription_status === undefined || params.subscription_status === ''
      ? 'unconfirmed'
      : params.subscription_status
  const stored = row.lists.get(listId)
  if (stored === undefined) {
    subscribe(row, listId, wanted, now)
    return
  }
  if (params.overwrite_subscription_status ?? params.overwrite ?? false) stored.status = wanted
  stored.updated_at = now
}

/** What is no JSON object is no attributes. */
function attributes(text: string | undefined): JsonObject | null {
  if (text === undefined || text === '') return null
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}
