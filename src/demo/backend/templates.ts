/** `/api/templates`. */
import type { Bound } from './bind.ts'
import type { Context, Routes } from './context.ts'
import { bind, formValue, pathId } from './context.ts'
import { demoPerson, previewUuid, renderCampaign, renderText } from './render.ts'
import { bad, data, done, failed, html } from './reply.ts'
import type { JsonReply, Reply } from './reply.ts'
import { goTime } from './time.ts'
import type { TemplateRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

export function addTemplateRoutes(routes: Routes): void {
  routes.add('GET', '/api/templates', ({ world }) => all(world))
  routes.add('GET', '/api/templates/:id', (context) => data(templateJson(find(context))))
  routes.add('GET', '/api/templates/:id/preview', previewStored)
  routes.add('POST', '/api/templates/preview', previewPosted)
  routes.add('POST', '/api/templates', createTemplate)
  routes.add('PUT', '/api/templates/:id', updateTemplate)
  routes.add('PUT', '/api/templates/:id/default', setDefault)
  routes.add('DELETE', '/api/templates/:id', deleteTemplate)
}

function templateJson(row: TemplateRow): object {
  const { id, created_at, updated_at, name, subject, type, body, body_source, is_default } = row
  return {
    ...{ id, created_at: goTime(created_at), updated_at: goTime(updated_at), name, subject, type, body },
    ...{ body_source, is_default },
  }
}

const all = (world: World): JsonReply => data([...world.templates.values()].map(templateJson))

function find(context: Context): TemplateRow {
  const row = context.world.templates.get(pathId(context))
  if (row === undefined) throw bad('Template not found')
  return row
}

const sample = '<h3>Hi there</h3><p>This is a sample of what a campaign looks like in this template.</p>'

function preview(world: World, type: string, body: string): Reply {
  if (type === 'tx') return html(renderText(body, demoPerson))
  if ((body.match(/\{\{\s*template "content" \.\s*\}\}/g) ?? []).length !== 1) {
    throw bad('The placeholder {{ template "content" . }} should appear exactly once in the template.')
  }
  const text = body.replace(/\{\{\s*template "content" \.\s*\}\}/, () => sample)
  return html(renderCampaign(world, text, null, previewUuid, demoPerson))
}

function previewStored(context: Context): Reply {
  const row = find(context)
  return preview(context.world, row.type, row.body)
}

function previewPosted(context: Context): Reply {
  return preview(context.world, formValue(context, 'template_type'), formValue(context, 'body'))
}

const shape = {
  name: 'string',
  type: 'string',
  subject: 'string',
  body: 'string',
  body_source: 'stringOrNull',
} as const

function readTemplate(context: Context): Bound<typeof shape> & { name: string } {
  const body = bind(context, shape)
  const { name = '' } = body
  // listmonk lets a plain error through here, and its framework hides that.
  if (name.length < 1 || Buffer.byteLength(name) > 2000) throw failed('Internal Server Error')
  return { ...body, name }
}

function createTemplate(context: Context): JsonReply {
  const { world, now } = context
  const { name, type = '', subject = '', body = '', body_source = null } = readTemplate(context)
  if (type === 'tx' && subject === '') throw failed('Internal Server Error')
  const id = nextId(world, 'templates')
  const shown = type === '' ? 'campaign' : type
  const row = { id, name, type: shown, subject, body, body_source, is_default: false, created_at: now, updated_at: now }
  world.templates.set(id, row)
  return data(templateJson(row))
}

function updateTemplate(context: Context): JsonReply {
  const { now } = context
  const id = pathId(context)
  const { name, subject = '', body = '', body_source } = readTemplate(context)
  const row = context.world.templates.get(id)
  if (row === undefined) throw bad('Template not found')
  Object.assign(row, { name, subject, body, body_source: body_source ?? row.body_source, updated_at: now })
  return data(templateJson(row))
}

/** A template that is not for campaigns cannot be the default, and then there is none. */
function setDefault(context: Context): JsonReply {
  const { world } = context
  const id = pathId(context)
  for (const row of world.templates.values()) row.is_default = row.id === id && row.type === 'campaign'
  return all(world)
}

/** Campaigns with the template get the default one. */
function deleteTemplate(context: Context): JsonReply {
  const { world } = context
  const row = world.templates.get(pathId(context))
  const fallback = [...world.templates.values()].find((template) => template.is_default)
  if (row === undefined || row.is_default) throw bad('Cannot delete non-existent or default template')
  world.templates.delete(row.id)
  for (const campaign of world.campaigns.values()) {
    if (campaign.template_id === row.id) campaign.template_id = fallback?.id ?? null
  }
  return done
}
