/** The few template expressions that the demo's campaigns use. */
import type { Json, JsonObject } from './json.ts'
import { goJson } from './json.ts'
import type { World } from './world.ts'

export interface Person {
  readonly email: string
  readonly name: string
}

/** Whom previews are made for. */
export const demoPerson: Person = { email: 'demo@listmonk.app', name: 'Demo Subscriber' }

const nobody = '00000000-0000-0000-0000-000000000000'

/** Fills in what is known of the subscriber and of a transactional message's data; what is unknown is left out. */
export function renderText(text: string, person: Person, txData: JsonObject = {}): string {
  return text.replace(/\{\{-?\s*([^}]*?)\s*-?\}\}/g, (match, expression: string) => {
    if (expression === '.Subscriber.Email') return person.email
    if (expression === '.Subscriber.Name') return person.name
    if (expression === '.Subscriber.FirstName') return person.name.split(' ')[0] ?? ''
    const field = /^\.Tx\.Data\.(\w+)$/.exec(expression)?.[1]
    if (field !== undefined) return plainText(txData[field])
    return expression.startsWith('.') ? '' : match
  })
}

function plainText(value: Json = ''): string {
  return typeof value === 'string' ? value : goJson(value)
}

/** A campaign's body in its template, with the pixel that counts views. */
export function renderCampaign(
  world: World,
  body: string,
  templateId: number | null,
  campaignUuid: string,
  person: Person,
): string {
  const frame = world.templates.get(templateId ?? 0)?.body ?? '{{ template "content" . }}'
  const pixel = `${rootUrl(world)}/campaign/${campaignUuid}/${nobody}/px.png`
  const image = `<img src="${pixel}" width="1" height="1" style="display:none;max-height:0;max-width:0;opacity:0" alt="">`
  const framed = frame
    .replace(/\{\{\s*template "content" \.\s*\}\}/, () => body)
    .replace(/\{\{\s*TrackView\s*\}\}/, () => image)
  return renderText(framed, person)
}

export function rootUrl(world: World): string {
  return plainText(world.settings.get('app.root_url'))
}

export const previewUuid = nobody
