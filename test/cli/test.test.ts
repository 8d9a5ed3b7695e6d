import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliWorld, shippedPolicies, type CliWorld } from './world.ts'

/** The shipped policies with the given cases in place of their own. */
async function worldWith(cases: string | undefined): Promise<CliWorld> {
  const world = await cliWorld(null)
  const policies = join(world.folder, 'policies')
  await cp(shippedPolicies, policies, { recursive: true })
  await rm(join(policies, 'cases'), { recursive: true })
  await mkdir(join(policies, 'cases'))
  if (cases !== undefined) await writeFile(join(policies, 'cases', 'own.yaml'), cases)
  return world
}

const good = `cases:
  - name: a reader of Alpha reads it
    as: { roles: [reader], list_roles: [alpha readers] }
    ask: GET /api/lists/3
    expect: { effect: allow, reason: lists-granted }
`
const bad = `${good}  - name: "a <reader> reads\\tBeta\\e[31m"
    as: { roles: [reader], list_roles: [alpha readers] }
    ask: GET /api/lists/4
    expect: { effect: allow }
`

describe('test', () => {
  it('counts the cases that hold', async () => {
    const { sallyport } = await worldWith(good)

    expect(await sallyport(['test', 'policies'])).toEqual({ code: 0, out: '1 of 1 cases hold\n', err: '' })
  })

  it('shows what differs, with its place and without what would move the cursor, and exits with 1', async () => {
    const { sallyport } = await worldWith(bad)

    expect(await sallyport(['test', 'policies'])).toEqual({
      code: 1,
      out: `differs policies/cases/own.yaml:6 a <reader> reads?Beta
    effect: expected "allow", found "deny"
1 of 2 cases hold
`,
      err: 'error: 1 of 2 cases do not hold.\n',
    })
  })

  it('gives JSON', async () => {
    const { sallyport } = await worldWith(bad)
    const { code, out } = await sallyport(['test', 'policies', '--output', 'json'])

    expect(code).toBe(1)
    expect(JSON.parse(out)).toEqual({
      held: 1,
      failed: [
        {
          file: 'policies/cases/own.yaml',
          line: 6,
          name: 'a <reader> reads\tBeta\u001b[31m',
          differences: [{ what: 'effect', expected: 'allow', found: 'deny' }],
        },
      ],
    })
  })

  it('writes JUnit XML beside what it prints, also when cases do not hold', async () => {
    const { folder, sallyport } = await worldWith(bad)
    const { code } = await sallyport(['test', 'policies', '--junit', 'report.xml'])
    const report = await readFile(join(folder, 'report.xml'), 'utf8')

    expect(code).toBe(1)
    expect(report).toContain('<testsuites name="sallyport test" tests="2" failures="1" errors="0">')
    expect(report).toContain('<testcase name="a &#60;reader&#62; reads&#9;Beta\ufffd[31m" ')
  })

  it('says where a report cannot be written, and that there are no cases', async () => {
    const { sallyport } = await worldWith(undefined)
    const none = await sallyport(['test', 'policies'])
    const nowhere = await sallyport(['test', 'policies', '--junit', 'no/such/report.xml'])

    expect(none).toMatchObject({ code: 1, err: expect.stringContaining('There are no cases in ') })
    expect(nowhere).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('The report cannot be written to '),
    })
  })
})
