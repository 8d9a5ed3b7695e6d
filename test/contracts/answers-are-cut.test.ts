/** Every answer that a real listmonk gave on a route whose answers are cut can be judged, and shows nothing to somebody without any list. */
import { expect, it } from 'vitest'
import { shippedPolicies } from '../../src/demo/setting.ts'
import type { Cut } from '../../src/model/decision.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import { createCutter } from '../../src/respond/cut/cutter.ts'
import { readRecordings } from './recordings.ts'

it('cuts what was recorded, down to nothing of anybody', async () => {
  const { policies } = await loadPolicies(shippedPolicies)
  const rules = new Map(policies.get('listmonk')?.rules.map((rule) => [rule.id, rule]))
  const routes = new Set<string>()

  for (const { id, route, answers } of readRecordings()) {
    const cuts = rules.get(route)?.answer.map((demand): Cut => ({ ...demand, visible: new Set() })) ?? []
    if (cuts.length === 0) continue
    for (const { json, status } of answers) {
      if (json === undefined || status === null || status >= 500) continue
      const window = { page: 1, perPage: 20, isWhole: false }
      const cutter = createCutter({ cuts, reaches: () => false, window, maxHeldBytes: 1_000_000 })
      const out = Buffer.concat([cutter.write(Buffer.from(JSON.stringify(json))), cutter.end()]).toString()
      const left = cuts.flatMap(({ path }) => itemsAt(JSON.parse(out), path.split(/\.|(?=\[\])/)))
      expect([id, status, left]).toEqual([id, status, []])
      if (status === 200) routes.add(route)
    }
  }
  expect([...rules.values()].filter(({ answer, id }) => answer.length > 0 && !routes.has(id))).toEqual([])
})

/** What stands at the end of a path like `data`, `results`, `[]`. */
function itemsAt(value: unknown, [step, ...rest]: readonly string[]): unknown[] {
  if (step === undefined) return [value]
  if (typeof value !== 'object' || value === null) return []
  if (step === '[]') return Array.isArray(value) ? value.flatMap((item: unknown) => itemsAt(item, rest)) : []
  return itemsAt((value as Record<string, unknown>)[step], rest)
}
