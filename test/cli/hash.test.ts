import { describe, expect, it } from 'vitest'
import { newToken, tokenSha256 } from '../../src/model/token.ts'
import { cliWorld } from './world.ts'

const token = newToken((n) => Buffer.alloc(n, 5))
const hex = tokenSha256(token).toString('hex')

describe('hash', () => {
  it.each([token, `${token}\n`, `${token}\r\n`])('prints the SHA-256 of the token in %j', async (stdin) => {
    const { sallyport } = await cliWorld(null)
    expect(await sallyport(['hash'], { stdin })).toEqual({ code: 0, out: `${hex}\n`, err: '' })
  })

  it('is one object with --output json', async () => {
    const { sallyport } = await cliWorld(null)
    expect(JSON.parse((await sallyport(['hash', '--output', 'json'], { stdin: token })).out)).toEqual({ sha256: hex })
  })

  it('says so when it is no token of ours', async () => {
    const { sallyport } = await cliWorld(null)
    expect(await sallyport(['hash'], { stdin: 'other' })).toEqual({
      code: 0,
      out: 'd9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa\n',
      err: 'note: this is no token that Sallyport made (or it was mistyped)\n',
    })
  })

  it.each<{ what: string; stdin: string | Buffer }>([
    { what: 'nothing', stdin: '' },
    { what: 'white space', stdin: 'a b' },
    { what: 'what is not UTF-8', stdin: Buffer.from([0xff]) },
    { what: 'too much', stdin: 'x'.repeat(4097) },
  ])('refuses $what', async ({ stdin }) => {
    const { sallyport } = await cliWorld(null)
    expect(await sallyport(['hash'], { stdin })).toMatchObject({ code: 2, out: '' })
  })
})
