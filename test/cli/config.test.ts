import { describe, expect, it } from 'vitest'
import { cliWorld, shippedPolicies } from './world.ts'

describe('config print', () => {
  it('prints every default in the words of the file, and no secret', async () => {
    const { sallyport } = await cliWorld(
      `policies: ${JSON.stringify(shippedPolicies)}
upstream: { url: "http://127.0.0.1:9000", credential: { user: gate, token_env: SECRET } }\n`,
    )
    const options = { env: { SECRET: 'correct-horse', SALLYPORT_LOG_LEVEL: 'warn' } }
    const { code, out, err } = await sallyport(['config', 'print'], options)
    const json = await sallyport(['config', 'print', '--output', 'json'], options)

    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^log:\n {2}level: warn$/m)
    expect(JSON.parse(json.out).tenants[0].upstream.credential).toMatchObject({ user: 'gate', token: '***' })
    expect(out + json.out).not.toContain('correct-horse')
  })
})
