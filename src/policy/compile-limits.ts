/** Compiles `limits.yaml` to rate plans. */
import type { Report } from '../config/report.ts'
import { quoted, remedyFor } from '../config/suggest.ts'
import { parseSpan } from '../model/time.ts'
import type { LimitsWords } from './language-roles.ts'
import type { Limits, RateClass, RatePlan } from './rule.ts'

/** What holds without `limits.yaml`, or for what it leaves out. */
const defaultLimits = {
  failures: { limit: 20, window: '1m' },
  in_flight: 32,
  plans: { default: { read: { limit: 600, window: '1m' }, write: { limit: 120, window: '1m' } } },
} as const satisfies LimitsWords

interface RateWords {
  readonly limit: number
  readonly window: string
}

export function compileLimits(words: Partial<LimitsWords>, report: Report): Limits {
  const given: Readonly<Record<string, Readonly<Record<string, RateWords>>>> = words.plans ?? defaultLimits.plans
  const plans = new Map(Object.entries(given).map(([name, classes]) => [name, planFrom(name, classes)] as const))
  checkSameClasses(plans, report)
  if (plans.size === 0) report.add(['plans'], 'holds no plan', 'add the plan `default`')
  return {
    plans,
    failures: classFrom('failures', words.failures ?? defaultLimits.failures),
    inFlight: words.in_flight ?? defaultLimits.in_flight,
  }
}

function planFrom(name: string, classes: Readonly<Record<string, RateWords>>): RatePlan {
  return { name, classes: new Map(Object.entries(classes).map(([key, rate]) => [key, classFrom(key, rate)] as const)) }
}

function classFrom(name: string, rate: RateWords): RateClass {
  return { name, limit: rate.limit, windowMs: parseSpan(rate.window) ?? 0 }
}

function checkSameClasses(plans: ReadonlyMap<string, RatePlan>, report: Report): void {
  const all = new Set([...plans.values()].flatMap((plan) => [...plan.classes.keys()]))
  for (const plan of plans.values()) {
    for (const name of all) {
      if (plan.classes.has(name)) continue
      report.add(
        ['plans', plan.name],
        `lacks the rate class ${quoted(name)}, which another plan has`,
        `add it: every plan has the same classes (here: ${[...plan.classes.keys()].join(', ') || 'none'})`,
      )
    }
  }
}

/** The classes of all plans, which a rule may name. */
export const rateClassesOf = (limits: Limits): ReadonlySet<string> =>
  new Set([...limits.plans.values()].flatMap((plan) => [...plan.classes.keys()]))

/** A rule's rate class must be one of the plans'. */
export function checkRateClass(name: string, known: ReadonlySet<string>, report: Report): void {
  if (!known.has(name)) report.add(['limit'], `no plan has the rate class ${quoted(name)}`, remedyFor(name, known))
}
