/** Holds answers of the admin API against its own OpenAPI document: status, headers, body. Throws where they differ. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Got } from './send.ts'

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
  readonly headers?: Readonly<Record<string, { readonly schema?: object }>>
}

export interface Operation {
  readonly operationId: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: object
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, Response>>
  readonly security: readonly object[]
}

export interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export interface Contract {
  readonly document: Document
  /** The operation that takes the request, if there is one. */
  operationOf(method: string, path: string): Operation | undefined
  /** Throws, with what differs. */
  hold(method: string, path: string, got: Got): void
}

export function contractOf(document: Document): Contract {
  const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: true })
  const compiled = new Map<object, ValidateFunction>()
  const fits = (schema: object, value: unknown): string | undefined => {
    const validate = compiled.get(schema) ?? ajv.compile(schema)
    compiled.set(schema, validate)
    return validate(value) ? undefined : ajv.errorsText(validate.errors)
  }
  const shapes = Object.entries(document.paths)
    .map(([template, operations]) => ({ template, operations, shape: shapeOf(template) }))
    // A word of its own wins over a parameter.
    .toSorted((one, other) => parametersIn(one.template) - parametersIn(other.template))

  const operationOf: Contract['operationOf'] = (method, path) => {
    const bare = path.split('?')[0] ?? ''
    const key = (method === 'HEAD' ? 'GET' : method).toLowerCase()
    return shapes.find(({ shape, operations }) => shape.test(bare) && operations[key] !== undefined)?.operations[key]
  }

  const problemsOf = (method: string, path: string, got: Got): string[] => {
    const { status, headers, text } = got
    const general = generalProblems(got, method)
    const operation = operationOf(method, path)
    if (operation === undefined) {
      return status < 400 ? [...general, 'success of what the document does not know'] : general
    }
    const response = operation.responses[status]
    if (response === undefined) return [...general, `status ${status} is not declared`]
    const wrongHeaders = Object.entries(response.headers ?? {}).flatMap(([name, { schema }]) => {
      const value = headers[name.toLowerCase()]
      if (value === undefined) return name === 'Idempotent-Replayed' ? [] : [`no header ${name}`]
      const problem = fits(schema ?? {}, value)
      return problem === undefined ? [] : [`header ${name}: ${problem}`]
    })
    if (method === 'HEAD') return [...general, ...wrongHeaders]
    const type = (headers['content-type'] ?? '').split(';')[0] ?? ''
    const media = response.content?.[type]
    if (media === undefined) return [...general, ...wrongHeaders, `media type ${type} is not declared`]
    const problem = type === 'application/json' ? fits(media.schema ?? {}, JSON.parse(text)) : undefined
    return [
      ...general,
      ...wrongHeaders,
      ...(problem === undefined ? [] : [`body: ${problem}`]),
      ...versionProblems(got),
    ]
  }

  return {
    document,
    operationOf,
    hold: (method, path, got) => {
      const problems = problemsOf(method, path, got)
      if (problems.length === 0) return
      throw new Error(`${method} ${path} → ${got.status} ${got.text.slice(0, 300)}\n  ${problems.join('\n  ')}`)
    },
  }
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What holds of every answer. */
function generalProblems({ status, headers, text }: Got, method: string): string[] {
  const id = headers['x-request-id']
  const problems: string[] = []
  if (typeof id !== 'string' || !uuid.test(id)) problems.push('no X-Request-Id')
  if (headers['cache-control'] !== 'no-store') problems.push(`Cache-Control: ${String(headers['cache-control'])}`)
  if (headers['x-content-type-options'] !== 'nosniff') problems.push('no nosniff')
  if (status < 400 || method === 'HEAD') return problems
  const { message, data } = JSON.parse(text) as { message?: unknown; data?: { code?: unknown; request_id?: unknown } }
  if (typeof message !== 'string' || typeof data?.code !== 'string') problems.push('no envelope')
  if (data?.request_id !== id) problems.push(`request_id ${String(data?.request_id)} is not that of the header`)
  if (status === 405 && headers.allow === undefined) problems.push('405 without Allow')
  return problems
}

/** The `ETag` says the version that the body says. */
function versionProblems({ headers, text }: Got): string[] {
  const { etag } = headers
  if (etag === undefined) return []
  const { data } = JSON.parse(text) as { data: { version?: number; current?: { version?: number } } }
  const { version } = data.current ?? data
  return etag === `"v${String(version)}"` ? [] : [`ETag ${etag} of version ${String(version)}`]
}

const parametersIn = (template: string): number => template.split('{').length

const shapeOf = (template: string): RegExp =>
  new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{[a-z]+\}/g, '[^/]+')}$`)
