import { describe, expect, it } from 'vitest'
import { cliWorld } from './world.ts'

const withUser = async () => {
  const world = await cliWorld()
  await world.sallyport(['user', 'add', 'ann', '--role', 'reader', '--list-role', 'alpha readers'])
  return world
}

describe('sallyport explain', () => {
  it('says why a request is allowed: the rule with file and line, and the list role', async () => {
    const { sallyport } = await withUser()
    const { code, out } = await sallyport(['explain', 'get', '/api/lists/3', '--as', 'ann'])

    expect(code).toBe(0)
    expect(out.split('\n')[0]).toBe('GET /api/lists/3 as ann (tenant default): ALLOWED')
    expect(out).toMatch(/reason +lists-granted/)
    expect(out).toMatch(/rule +GET \/api\/lists\/:id \(.*listmonk\.yaml:\d+\)/)
    expect(out).toMatch(/by role +alpha readers/)
    expect(out).toMatch(/sends +GET \/api\/lists\/3/)
  })

  it('says why one is refused, what the caller is told and what would help', async () => {
    const { sallyport } = await withUser()
    const { out } = await sallyport(['explain', 'GET', '/api/lists/4', '--as', 'ann', '--output', 'json'])

    expect(JSON.parse(out)).toMatchObject({
      effect: 'deny',
      status: 403,
      code: 'list-denied',
      message: 'permission denied: lists 4 (list:get)',
      reason: 'list-not-granted',
      rule: 'GET /api/lists/:id',
      permissions: ['lists:get_all'],
      lists: [4],
    })
  })

  it('reads a body from a file or standard input', async () => {
    const world = await withUser()
    await world.sallyport(['user', 'set-roles', 'ann', '--role', 'editor', '--list-role', 'alpha team'])
    await world.write('body.json', '{"email":"a@example.org","name":"A","lists":[7]}')
    const fromFile = await world.sallyport([
      'explain',
      'POST',
      '/api/subscribers',
      '--as',
      'ann',
      '--body',
      'body.json',
      '--output',
      'json',
    ])
    const fromStdin = await world.sallyport(
      ['explain', 'POST', '/api/subscribers', '--as', 'ann', '--body', '-', '--output', 'json'],
      {
        stdin: '{"email":"a@example.org","name":"A","lists":[3]}',
      },
    )

    expect(JSON.parse(fromFile.out)).toMatchObject({ effect: 'deny', reason: 'list-not-granted', lists: [7] })
    expect(JSON.parse(fromStdin.out)).toMatchObject({
      effect: 'allow',
      reason: 'lists-granted',
      sends_body: '{"email":"a@example.org","name":"A","lists":[3]}',
    })
  })

  it('names the fields of a body that are wrong, and takes a body of any bytes', async () => {
    const world = await withUser()
    await world.sallyport(['user', 'set-roles', 'ann', '--role', 'editor', '--list-role', 'alpha team'])
    const ask = ['explain', 'POST', '/api/subscribers', '--as', 'ann', '--body', '-']
    const wrong = await world.sallyport(ask, { stdin: '{"email":1}' })
    const notText = await world.sallyport([...ask, '--output', 'json'], { stdin: Buffer.from([0xff]) })

    expect(wrong.out).toMatch(/REFUSED with 422 body-invalid\n(?:.*\n)* {2}fields +email \S/)
    expect({ exit: notText.code, err: notText.err }).toEqual({ exit: 0, err: '' })
    expect(JSON.parse(notText.out)).toMatchObject({ status: 400, code: 'body-unreadable', fields: [] })
    expect((await world.sallyport([...ask.slice(0, -1), 'nowhere.json'])).code).toBe(2)
  })

  it('says what would have to be looked up, and judges by what --stored says of it', async () => {
    const { sallyport } = await withUser()
    const ask = async (...more: string[]) => {
      const { code, out, err } = await sallyport([
        ...['explain', 'GET', '/api/subscribers/18', '--as', 'ann', '--output', 'json'],
        ...more,
      ])
      return code === 0 ? (JSON.parse(out) as Record<string, unknown>) : err
    }

    expect(await ask()).toMatchObject({
      effect: 'deny',
      reason: 'scope-unreadable',
      detail: 'would look up subscriber 18',
    })
    expect(await ask('--stored', 'campaign:18=3', '--stored', 'subscriber:18=7,3')).toMatchObject({
      effect: 'allow',
      reason: 'lists-granted',
      lists: [3],
    })
    for (const lists of ['7', '', 'none']) {
      expect(await ask('--stored', `subscriber:18=${lists}`)).toMatchObject({ reason: 'thing-not-granted', lists: [] })
    }
    expect(await ask('--stored', 'subscriber:18')).toContain('is no stored thing')
    expect(await ask('--stored', 'subscribers:18=3')).toContain('did you mean `subscriber`?')
    expect(await ask('--stored', 'subscriber:018=3')).toContain('`018` names no subscriber')
    expect(await ask('--stored', 'subscriber_email:ada=3')).toContain('use an address')
    expect(await ask('--stored', 'subscriber:18=x')).toContain('`x` is no list')
  })

  it('explains what nobody without credentials may do, and users that are not there', async () => {
    const { sallyport } = await withUser()

    expect((await sallyport(['explain', 'GET', '/api/lists', '--as', 'anonymous'])).out).toContain(
      'REFUSED with 403 credentials-missing',
    )
    const ghost = await sallyport(['explain', 'GET', '/api/lists', '--as', 'ghost'])
    expect([ghost.code, ghost.err]).toEqual([1, 'error: There is no user `ghost` in the tenant `default`.\n'])
    const north = await sallyport(['explain', 'GET', '/api/lists', '--as', 'ann', '--tenant', 'north'])
    expect([north.code, north.err]).toEqual([2, 'error: There is no tenant `north`; there is default.\n'])
  })
})
