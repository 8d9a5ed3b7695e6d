import { readFileSync, writeFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { publishedSchemas } from '../../src/policy/schema.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** The files for editors. `UPDATE_SCHEMAS=1 npx vitest run test/policy/schema.test.ts` writes them anew. */
describe('publishedSchemas', () => {
  const schemas = publishedSchemas()
  if (process.env['UPDATE_SCHEMAS'] === '1')
    for (const [path, text] of schemas) writeFileSync(new URL(path, root), text)

  it.each([...schemas])('are what the file %s holds', (path, text) => {
    expect(read(path)).toBe(text)
  })

  it.each([
    ['policies/policy.schema.json', 'policies/listmonk.yaml', 'policy', 7],
    ['policies/roles.schema.json', 'policies/roles.yaml', 'user_roles', []],
    ['policies/limits.schema.json', 'policies/limits.yaml', 'plans', { default: { read: { limit: 0, window: '1m' } } }],
  ])('of which %s takes the shipped %s, and not when `%s` is wrong', (schema, file, key, wrong) => {
    const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
    const validate = ajv.compile(JSON.parse(schemas.get(schema) ?? '') as object)
    const words = parse(read(file)) as Record<string, unknown>

    expect(validate(words), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ ...words, [key]: wrong })).toBe(false)
    expect(validate({ ...words, nonsense: 1 })).toBe(false)
  })

  it('show none of the keywords that only our checker knows', () => {
    const all = [...schemas.values()].join('\n')

    expect(all).not.toMatch(/"(secret|referenced|format)": /)
  })
})
