import { describe, expect, it } from 'vitest'
import { disagreements } from '../../src/config/agree.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/model/problem.ts'
import type { PolicySet } from '../../src/policy/rule.ts'
import { folderWith } from '../helpers/folder.ts'

const set = {
  policies: new Map([['listmonk', {}]]),
  limits: { plans: new Map([['default', {}]]) },
} as unknown as PolicySet

async function told(tenants: string) {
  const cwd = await folderWith({ 'sallyport.yaml': `upstream: { url: "http://b:1" }\n${tenants}\n`, 'policies/x': '' })
  const config = await loadConfig({ env: {}, cwd })
  return disagreements(config, set).map((problem) =>
    formatProblem({ ...problem, file: problem.file.replace(cwd, '.') }),
  )
}

describe('disagreements', () => {
  it('are none where every tenant finds its policy and its plan', async () => {
    expect(await told('')).toEqual([])
  })

  it('name the policy or plan that no file holds, and whose it is', async () => {
    expect(await told('policy: listmonkey')).toEqual([
      './sallyport.yaml: policy: the policy, `listmonkey`, is in no file of the policy folder - did you mean `listmonk`?',
    ])
    expect(await told('tenants: [{ name: a, hosts: [a] }, { name: b, hosts: [b], plan: large }]')).toEqual([
      './sallyport.yaml: plan: the plan of the tenant `b`, `large`, is in no file of the policy folder - known here: `default`',
    ])
  })
})
