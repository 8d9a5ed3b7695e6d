/** Kinds of values that `sallyport.yaml` is made of. */
import { Type } from 'typebox'
import { text } from './shape.ts'

export const span = (description: string, otherwise: string) =>
  Type.Optional(Type.String({ title: 'a span', description, default: otherwise, format: 'span', examples: ['30s'] }))

export const spanOrNone = (description: string, otherwise: string) =>
  Type.Optional(
    Type.String({
      title: 'a span or `none`',
      description,
      default: otherwise,
      format: 'span-or-none',
      examples: ['30s', 'none'],
    }),
  )

export const count = (description: string, otherwise: number, maximum: number) =>
  Type.Optional(
    Type.Integer({
      title: `a whole number from 1 to ${maximum}`,
      description,
      default: otherwise,
      minimum: 1,
      maximum,
    }),
  )

export const percent = (description: string, otherwise: number) => count(description, otherwise, 100)

export const flag = (description: string) => Type.Optional(Type.Boolean({ description, default: false }))

export const file = (description: string) =>
  text('the path of a file', { description, pattern: '\\S', examples: ['secrets/token'] })

export const name = (title: string, description: string) =>
  text(title, { description, pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$', examples: ['listmonk'] })

export const listen = (otherwise: string) =>
  Type.Optional(
    Type.Union(
      [
        text('an address and port', { format: 'listen', examples: ['127.0.0.1:8080'] }),
        Type.Integer({ minimum: 0, maximum: 65_535 }),
      ],
      {
        title: 'an address and port, or a port',
        description: 'host:port, or a port alone, which is on 127.0.0.1; port 0 is any free one',
        default: otherwise,
      },
    ),
  )
