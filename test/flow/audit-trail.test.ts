/** Story: what a request changes is in the audit trail, under the id that the log has. */
import { describe, expect, it } from 'vitest'
import type { Running } from '../helpers/gateway.ts'
import { defaultTenant, startGateway } from '../helpers/gateway.ts'

const since = async ({ store }: Running, after: number) =>
  (await store.auditAfter(after, 100)).map(({ actor, origin, requestId, action, subject, before, after: state }) => ({
    by: [actor, origin, requestId],
    what: [action, subject, before, state],
  }))

describe('the audit trail', () => {
  it('names caller, address and request of who made a list and deleted it', async () => {
    const gateway = await startGateway()
    const root = await gateway.user('root', ['administrator'])
    const [newest] = await gateway.store.listAudit({ limit: 1 })

    const made = await gateway.ask(root, 'POST', '/api/lists', { name: 'new', type: 'public', optin: 'single' })
    const { id } = (made.json as { readonly data: { readonly id: number } }).data
    const deleted = await gateway.ask(root, 'DELETE', `/api/lists/${id}`)

    expect([made.status, deleted.status]).toEqual([200, 200])
    const making = ['user:root', '127.0.0.1', made.headers.get('x-request-id')]
    const deleting = ['user:root', '127.0.0.1', deleted.headers.get('x-request-id')]
    const held = { list: id, get: true, manage: true }
    const withheld = { list_grants: [{ ...held, withheld: true }] }
    expect(await since(gateway, newest?.id ?? 0)).toEqual([
      { by: making, what: ['list.grant', 'default/root', undefined, held] },
      { by: deleting, what: ['list.withhold', 'default/root', { list_grants: [held] }, withheld] },
      { by: deleting, what: ['list.deleting', `default/list ${id}`, { retired: false }, { retired: 'unsure' }] },
      { by: deleting, what: ['list.ungrant', 'default/root', withheld, { list_grants: [] }] },
      { by: deleting, what: ['list.retire', `default/list ${id}`, { retired: 'unsure' }, { retired: 'gone' }] },
    ])
    expect(gateway.log().flatMap(({ request_id: requestId }) => requestId ?? [])).toEqual([making[2], deleting[2]])
  })

  it('is whole after callers who came at once', async () => {
    const gateway = await startGateway()
    const root = await gateway.user('root', ['administrator'])
    const make = (i: number) =>
      gateway.ask(root, 'POST', '/api/lists', { name: `l${i}`, type: 'public', optin: 'single' })

    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => make(i)))

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    const grants = await gateway.store.listAudit({ action: 'list.grant', limit: 100 })
    expect(new Set(grants.map(({ requestId }) => requestId)).size).toBe(20)
    expect((await gateway.store.find(defaultTenant, 'root'))?.listGrants).toHaveLength(20)
    expect(await gateway.store.verifyAudit()).toMatchObject({ kind: 'whole' })
  })

  it('has no entry for refused credentials: whoever guesses cannot fill it', async () => {
    const gateway = await startGateway()
    const before = await gateway.store.verifyAudit()
    const nobody = { name: 'x', token: 'y', tokenId: 0 as never, authorization: 'token x:y' }

    for (let i = 0; i < 3; i++) expect((await gateway.ask(nobody, 'GET', '/api/lists')).status).toBe(403)

    expect(await gateway.store.verifyAudit()).toEqual(before)
    expect(gateway.log().filter(({ user }) => user === 'x')).toHaveLength(3)
  })
})
