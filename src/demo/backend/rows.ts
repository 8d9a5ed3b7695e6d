/** The rows of the demo backend's tables, as listmonk's database holds them. */
import type { Json, JsonObject } from './json.ts'

interface Row {
  readonly id: number
  created_at: string
}

interface Kept extends Row {
  updated_at: string
}

export interface ListRow extends Kept {
  uuid: string
  name: string
  type: string
  optin: string
  status: string
  tags: string[] | null
  description: string
}

export interface Subscription {
  status: string
  meta: Json
  created_at: string
  updated_at: string
}

export interface SubscriberRow extends Kept {
  uuid: string
  email: string
  name: string
  attribs: JsonObject | null
  status: string
  /** By list id, in ascending order of it. */
  lists: Map<number, Subscription>
}

export interface CampaignRow extends Kept {
  uuid: string
  type: string
  name: string
  subject: string
  from_email: string
  body: string
  body_source: string | null
  altbody: string | null
  send_at: string | null
  status: string
  content_type: string
  tags: string[] | null
  headers: Json
  attribs: JsonObject | null
  template_id: number | null
  messenger: string
  archive: boolean
  archive_slug: string | null
  archive_template_id: number | null
  archive_meta: JsonObject | null
  started_at: string | null
  to_send: number
  sent: number
  max_subscriber_id: number
  last_subscriber_id: number
  /** A list that was deleted leaves its name with the id `null`. */
  lists: { id: number | null; name: string }[]
  media: { id: number | null; filename: string }[]
}

export interface BounceRow extends Row {
  subscriber_id: number
  campaign_id: number | null
  type: string
  source: string
  meta: Json
}

export interface ViewRow extends Row {
  campaign_id: number | null
  subscriber_id: number | null
}

export interface ClickRow extends ViewRow {
  link_id: number
}

export interface LinkRow extends Row {
  uuid: string
  url: string
}

export interface TemplateRow extends Kept {
  name: string
  type: string
  subject: string
  body: string
  body_source: string | null
  is_default: boolean
}

export interface MediaRow extends Row {
  uuid: string
  filename: string
  content_type: string
  thumb: string
  provider: string
  meta: JsonObject
}

/** User roles, list roles, and one row for each list of a list role (`parent_id`). */
export interface RoleRow extends Kept {
  type: string
  parent_id: number | null
  list_id: number | null
  name: string | null
  permissions: string[]
}

export interface UserRow extends Kept {
  username: string
  password_login: boolean
  password: string | null
  email: string
  name: string
  type: string
  status: string
  user_role_id: number
  list_role_id: number | null
  avatar: string | null
  twofa_type: string
  twofa_key: string | null
  loggedin_at: string | null
}
