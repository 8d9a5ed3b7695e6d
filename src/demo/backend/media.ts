/** `/api/media`. The files themselves are not kept. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Context, Routes } from './context.ts'
import { pathId, queryValue } from './context.ts'
import { goMap } from './json.ts'
import { listing, pageOf, slicePage, sortRows } from './page.ts'
import { rootUrl } from './render.ts'
import { bad, data, done, failed, Refusal } from './reply.ts'
import type { JsonReply } from './reply.ts'
import { goTime } from './time.ts'
import type { MediaRow } from './rows.ts'
import type { World } from './world.ts'
import { nextId } from './world.ts'

export function addMediaRoutes(routes: Routes): void {
  routes.add('GET', '/api/media', getMedia)
  routes.add('GET', '/api/media/:id', getOne)
  routes.add('POST', '/api/media', upload)
  routes.add('DELETE', '/api/media/:id', deleteMedia)
}

function mediaJson(world: World, row: MediaRow): object {
  const { id, uuid, filename, content_type, created_at, thumb, provider, meta } = row
  const uploads = `${rootUrl(world)}/uploads/`
  return {
    ...{
      id,
      uuid,
      filename,
      content_type,
      created_at: goTime(created_at),
      thumb_url: thumb === '' ? null : uploads + thumb,
    },
    ...{ provider, meta: goMap(meta), url: uploads + filename },
  }
}

function getMedia(context: Context): JsonReply {
  const { world } = context
  const page = pageOf(context)
  const query = queryValue(context, 'query').toLowerCase()
  const rows = [...world.media.values()].filter((row) => row.filename.toLowerCase().includes(query))
  // "All" is a limit of 0 here, and the total comes with the rows.
  const shown =
    page.size === 0
      ? []
      : slicePage(
          sortRows(rows, (row) => row.created_at, 'desc'),
          page,
        )
  const results = shown.map((row) => mediaJson(world, row))
  return listing({ results, total: results.length === 0 ? 0 : rows.length, page })
}

function getOne(context: Context): JsonReply {
  const row = context.world.media.get(pathId(context))
  if (row === undefined) throw new Refusal(404, 'not found')
  return data(mediaJson(context.world, row))
}

const types: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
}

function upload(context: Context): JsonReply {
  const { world, now } = context
  const file = context.parts.find((part) => part.name === 'file' && part.filename !== undefined)
  if (file === undefined) throw bad('Invalid file: http: no such file')
  const given = (file.filename ?? '').replace(/[^\w.-]+/g, '-')
  const dot = given.lastIndexOf('.')
  const [stem, extension] = dot === -1 ? [given, ''] : [given.slice(0, dot), given.slice(dot)]
  const isTaken = [...world.media.values()].some((row) => row.filename === given)
  const filename = isTaken ? `${stem}_${randomBytes(3).toString('hex')}${extension}` : given
  const content_type = types[extension.slice(1).toLowerCase()] ?? 'application/octet-stream'
  const isRaster = content_type.startsWith('image/') && content_type !== 'image/svg+xml'
  const size = isRaster ? imageSize(file.content) : undefined
  const id = nextId(world, 'media')
  const row: MediaRow = {
    ...{
      id,
      uuid: randomUUID(),
      filename,
      content_type,
      thumb: isRaster ? `thumb_${filename}` : '',
      provider: 'filesystem',
    },
    ...{ meta: size ?? {}, created_at: now },
  }
  world.media.set(id, row)
  return data(mediaJson(world, row))
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Width and height of a PNG; other pictures are taken as they are. */
function imageSize(content: Buffer): { width: number; height: number } | undefined {
  if (content.length >= 24 && content.subarray(0, 8).equals(pngSignature)) {
    return { width: content.readUInt32BE(16), height: content.readUInt32BE(20) }
  }
  const isOther =
    content.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) || content.subarray(0, 3).toString() === 'GIF'
  if (!isOther) throw failed('Error resizing image: image: unknown format')
  return undefined
}

/** A campaign keeps the name of a file that it had. */
function deleteMedia(context: Context): JsonReply {
  const { world } = context
  const id = pathId(context)
  if (!world.media.delete(id)) throw failed('Error deleting media: sql: no rows in result set')
  for (const campaign of world.campaigns.values()) {
    for (const file of campaign.media) if (file.id === id) file.id = null
  }
  return done
}
