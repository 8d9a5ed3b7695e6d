/** The published JSON Schemas (draft 2020-12), for editors: made from the schemas that judge the files. */
import type { TSchema } from 'typebox'
import { configSchema } from '../config/language.ts'
import { ownKeywords } from '../config/shape.ts'
import { casesSchema } from './cases-language.ts'
import { limitsSchema, rolesSchema } from './language-roles.ts'
import { backendSchema } from './language.ts'

/** Path in the repository → the text of the file. */
export function publishedSchemas(): ReadonlyMap<string, string> {
  return new Map([
    ['policies/policy.schema.json', publish(backendSchema, 'Sallyport: a backend')],
    ['policies/roles.schema.json', publish(rolesSchema, 'Sallyport: roles')],
    ['policies/limits.schema.json', publish(limitsSchema, 'Sallyport: rate plans')],
    ['policies/cases.schema.json', publish(casesSchema, 'Sallyport: cases')],
    ['docs/sallyport.schema.json', publish(configSchema, 'Sallyport: configuration')],
  ])
}

function publish(schema: TSchema, title: string): string {
  const plain = JSON.parse(JSON.stringify(schema), withoutOwn) as object
  return `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...plain }, null, 2)}\n`
}

/** Our own keywords mean nothing to an editor; the title of a map of names says what a name is, not what the map is. */
function withoutOwn(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const isNamed = 'patternProperties' in value
  // Under `properties` the keys are words of the files, whatever they are called.
  const isSchema = 'type' in value || 'anyOf' in value || 'enum' in value || 'const' in value
  if (!isSchema) return value
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !ownKeywords.includes(name) && !(isNamed && name === 'title')),
  )
}
