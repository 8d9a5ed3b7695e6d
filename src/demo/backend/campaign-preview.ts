/** Previews of campaigns and conversion of their text. */
import { findCampaign } from './campaign-json.ts'
import type { Context, Routes } from './context.ts'
import { bind, formValue, pathId } from './context.ts'
import { demoPerson, previewUuid, renderCampaign } from './render.ts'
import { data, html } from './reply.ts'
import type { JsonReply, Reply } from './reply.ts'

export function addCampaignPreviewRoutes(routes: Routes): void {
  routes.add('GET', '/api/campaigns/:id/preview', (context) => preview(context, false))
  routes.add('POST', '/api/campaigns/:id/preview', (context) => preview(context, true))
  routes.add('POST', '/api/campaigns/:id/preview/archive', previewArchive)
  routes.add('POST', '/api/campaigns/:id/text', (context) => preview(context, true))
  routes.add('POST', '/api/campaigns/:id/content', convert)
}

/** A posted form replaces body and type, also where it names neither. */
function preview(context: Context, isPosted: boolean): Reply {
  const { world } = context
  const row = findCampaign(world, pathId(context))
  const templateId = Number.parseInt(formValue(context, 'template_id'), 10) || row.template_id
  const body = isPosted ? formValue(context, 'body') : row.body
  const contentType = isPosted ? formValue(context, 'content_type') : row.content_type
  const text = renderCampaign(world, body, templateId, previewUuid, demoPerson)
  return contentType === 'plain' ? { ...html(text), type: 'text/plain; charset=UTF-8' } : html(text)
}

function previewArchive(context: Context): Reply {
  const { world } = context
  const row = findCampaign(world, pathId(context))
  const templateId = Number.parseInt(formValue(context, 'template_id'), 10) || row.template_id
  return html(renderCampaign(world, row.body, templateId, row.uuid, demoPerson))
}

/** Markdown becomes paragraphs; every other text stays as it is. */
function convert(context: Context): JsonReply {
  const { from = '', body = '' } = bind(context, { from: 'string', to: 'string', body: 'string' })
  if (from !== 'markdown') return data(body)
  const paragraphs = body.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== '')
  return data(paragraphs.map((paragraph) => `<p>${paragraph.trim()}</p>\n`).join(''))
}
