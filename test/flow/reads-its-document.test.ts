/** The data path as OpenAPI: what a caller may use, and nothing that they may not. */
import { describe, expect, it } from 'vitest'
import { grantsOf } from '../../src/policy/grants.ts'
import { permitted } from '../../src/policy/decide.ts'
import { rolesInForce } from '../../src/policy/roles-in-force.ts'
import { nothingManaged } from '../../src/model/managed.ts'
import { defaultTenant, startGateway } from '../helpers/gateway.ts'

interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly responses: Readonly<Record<string, unknown>>
  readonly 'x-sallyport': { readonly limit: object; readonly rule: string }
}

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly securitySchemes: Readonly<Record<string, unknown>> }
}

const operationsOf = ({ paths }: Document): readonly string[] =>
  Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))

describe('GET /api/openapi.json', () => {
  it('tells each caller the routes that their roles open, and no other', async () => {
    const { ask, user, policies } = await startGateway()
    const callers = [
      await user('ada', ['reader'], ['alpha readers']),
      await user('ben', ['editor'], ['alpha team']),
      await user('root', ['administrator']),
      await user('nobody'),
    ]
    const policy = policies.policies.get('listmonk') ?? expect.unreachable('no policy')
    const roles = rolesInForce(policies, policy, nothingManaged)
    const held = [['reader'], ['editor'], ['administrator'], []]

    for (const [at, caller] of callers.entries()) {
      const answer = await ask(caller, 'GET', '/api/openapi.json')
      const grants = grantsOf({ roles: held[at] ?? [], listRoles: [] }, roles, Date.now())
      const expected = policy.rules
        .filter((rule) => permitted(rule, grants).effect === 'allow')
        .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{rest}')}`)

      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(operationsOf(answer.json as Document).toSorted()).toEqual(expected.toSorted())
    }
  })

  it('is refused without credentials, and costs the backend nothing', async () => {
    const { ask, user, log } = await startGateway()

    expect(await ask(undefined, 'GET', '/api/openapi.json')).toMatchObject({ status: 403 })
    await ask(await user('ada', ['reader']), 'GET', '/api/openapi.json')
    expect(log().filter(({ upstream_status: status }) => status !== undefined)).toEqual([])
  })

  it('says parameters, bodies, failures and limits as the policy has them', async () => {
    const { ask, user } = await startGateway()
    const { json } = await ask(await user('root', ['administrator']), 'GET', '/api/openapi.json')
    const { paths, openapi } = json as Document
    const list = paths['/api/lists/{id}']?.['get'] ?? expect.unreachable('no GET /api/lists/{id}')

    expect(openapi).toBe('3.1.0')
    expect(list.parameters).toContainEqual({
      name: 'id',
      in: 'path',
      required: true,
      schema: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
    })
    expect(Object.keys(list.responses)).toEqual(['400', '403', '429', '500', '502', '503', '504', '2XX'])
    expect(list['x-sallyport']).toEqual({
      rule: expect.stringMatching(/^policies\/listmonk\.yaml:\d+$/) as string,
      allow: 'authenticated',
      limit: { class: 'read', cost: 1, limit: 600, window: '1m' },
    })
    const create = paths['/api/lists']?.['post'] as unknown as {
      requestBody: { content: Record<string, { schema: { properties: object } }> }
    }
    expect(Object.keys(create.requestBody.content['application/json']?.schema.properties ?? {})).toContain('name')
  })

  it('is the document itself under the documented contract too, and changes with the caller’s roles', async () => {
    const { ask, user, store } = await startGateway({ tenant: { contract: 'documented' } })
    const ada = await user('ada', ['reader'], ['alpha readers'])
    const before = (await ask(ada, 'GET', '/api/openapi.json')).json as Document
    await store.setRoles(defaultTenant, 'ada', { roles: ['editor'], listRoles: undefined }, 'test')
    const after = (await ask(ada, 'GET', '/api/openapi.json')).json as Document

    expect(Object.keys(before)).not.toContain('status')
    expect(operationsOf(before)).not.toContain('POST /api/campaigns')
    expect(operationsOf(after)).toContain('POST /api/campaigns')
  })

  it('names every operation once, declares every parameter of its path, and refers only to what is there', async () => {
    const { ask, user } = await startGateway({
      tenant: { auth: { unauthenticatedStatus: 401, realm: 'x', bearer: true, apiKey: true } },
    })
    const { json, text } = await ask(await user('root', ['administrator']), 'GET', '/api/openapi.json')
    const { paths, components } = json as Document
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.values(item).map((operation) => ({ path, operation })),
    )
    const ids = operations.map(({ operation }) => operation.operationId)

    expect(ids).toEqual([...new Set(ids)])
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = operation.parameters.filter((each) => each.in === 'path').map(({ name }) => name)
      expect([path, declared]).toEqual([path, named])
    }
    expect([...new Set(text.match(/"\$ref":"[^"]*"/g))]).toEqual(['"$ref":"#/components/schemas/Failure"'])
    expect(Object.keys(components.securitySchemes)).toEqual(['basic', 'token', 'bearer', 'apiKey'])
  })
})
