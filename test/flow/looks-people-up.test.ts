import { describe, expect, it } from 'vitest'
import { startGateway, type Answer } from '../helpers/gateway.ts'

const idsIn = ({ json }: Answer): readonly number[] =>
  (json as { readonly data: { readonly results: readonly { readonly id: number }[] } }).data.results.map(({ id }) => id)

const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('looking somebody up without the right to SQL', () => {
  it('finds whom the caller may see, by e-mail, id and UUID, and nobody else', async () => {
    const gateway = await startGateway()
    const ada = await gateway.user('ada', ['reader'], ['alpha readers'])
    const found = async (query: string) => idsIn(await gateway.ask(ada, 'GET', `/api/subscribers?${query}`))

    expect(await found('email=A1@example.org')).toEqual([3])
    expect(await found("query=subscribers.email = 'a1@example.org'")).toEqual([3])
    expect(await found('query=subscribers.id=3')).toEqual([3])
    expect(await found("query=subscribers.uuid='92181888-1c7a-40dc-ac21-7d565a479815'")).toEqual([3])
    expect(await found('email=b1@example.org')).toEqual([])
    expect(await found('query=subscribers.id=6')).toEqual([])
  })

  it('is no way to anything else: the backend is not asked', async () => {
    const gateway = await startGateway()
    const ada = await gateway.user('ada', ['reader'], ['alpha readers'])
    const statusOf = async (query: string) => (await gateway.ask(ada, 'GET', `/api/subscribers?${query}`)).status

    expect(await statusOf("query=subscribers.email='a1@example.org' OR true")).toBe(403)
    expect(await statusOf("query=subscribers.email='x' OR '1'='1'")).toBe(403)
    expect(await statusOf("email=x' OR '1'='1")).toBe(400)
    expect(await statusOf('email=a1@example.org&query=true')).toBe(400)
    expect(gateway.backend.requests()).toBe(0)
  })
})

describe('previewing a campaign with a form', () => {
  it('shows what was posted, and another template only to who may see templates', async () => {
    const gateway = await startGateway()
    const ada = await gateway.user('ada', ['reader'], ['alpha readers'])
    const eve = await gateway.user('eve', ['editor'], ['alpha team'])
    const preview = (who: typeof ada, fields: string) =>
      gateway.ask(who, 'POST', '/api/campaigns/2/preview', fields, form)

    const shown = await preview(ada, 'content_type=html&body=Hello+%26+welcome')
    expect([shown.status, shown.text.includes('Hello & welcome')]).toEqual([200, true])
    expect((await preview(ada, 'template_id=7&body=Hello')).json).toMatchObject({
      data: { code: 'permission-denied', permissions: ['templates:get'] },
    })
    expect((await preview(eve, 'template_id=7&body=Hello')).status).toBe(200)
    expect((await preview(ada, 'TEMPLATE_ID=7&body=Hello')).status).toBe(400)
  })
})
