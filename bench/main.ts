/**
 * `npm run bench`: what a request costs, beside what relaying alone costs, in one run.
 *
 * CPU µs a request are user + system time of the measured process over the requests that it answered. Figures of different
 * runs, let alone machines, differ: compare ratios within a run. All targets stay up and take turns, round by round;
 * the medians of the rounds are shown, and nothing is dropped.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { start, type Child } from './process.ts'
import type { LoadOutcome } from './child.ts'

const folder = import.meta.dirname
const connections = 32
const rounds = 5
const warmMs = 300
const measureMs = 1_500
const userCounts = [10, 1_000, 10_000, 100_000] as const
const startsMeasured = 3

interface Target {
  readonly name: string
  readonly users: number
  readonly child: Child
  readonly idleRssBytes: number
  readonly samples: Sample[]
}

interface Sample {
  readonly cpuMicros: number
  readonly perSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}

async function load(driver: Child, target: Target, until: { ms: number } | { requests: number }): Promise<LoadOutcome> {
  const outcome = await driver.load({ port: target.child.port, connections, users: target.users, until })
  const wrong = Object.entries(outcome.statuses).filter(([status]) => status !== '200')
  // A refusal is cheaper than an answer: a round with one in it would flatter.
  if (wrong.length > 0) throw new Error(`${target.name} answered ${JSON.stringify(outcome.statuses)}`)
  return outcome
}

async function measure(driver: Child, target: Target): Promise<void> {
  await load(driver, target, { ms: warmMs })
  const before = await target.child.cost()
  const outcome = await load(driver, target, { ms: measureMs })
  const after = await target.child.cost()
  target.samples.push({
    cpuMicros: (after.cpuMicros - before.cpuMicros) / outcome.requests,
    perSecond: outcome.requests / (outcome.elapsedMs / 1000),
    p50Micros: outcome.p50Micros,
    p99Micros: outcome.p99Micros,
  })
}

/** Milliseconds from the start of the process to its first answer, the median of a few. */
async function timeToFirstAnswer(driver: Child, users: number, launch: () => Promise<Child>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < startsMeasured; i++) {
    const from = performance.now()
    const child = await launch()
    await driver.load({ port: child.port, connections: 1, users, until: { requests: 1 } })
    times.push(performance.now() - from)
    await child.stop()
  }
  return median(times)
}

/** In a process of its own, so that neither the gateway nor the load begins with what it left behind. */
function seed(target: string, users: number): void {
  process.stderr.write(`a store with ${users.toLocaleString('en')} users\n`)
  mkdirSync(target)
  execFileSync(process.execPath, [join(folder, 'seed.ts'), target, String(users)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function main(): Promise<void> {
  const world = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const children: Child[] = []
  const launch = async (file: string, ...args: string[]): Promise<Child> => {
    const child = await start(join(folder, file), args)
    children.push(child)
    return child
  }
  try {
    const backend = await launch('backend.ts')
    const driver = await launch('load.ts')
    const origin = `http://127.0.0.1:${backend.port}`
    const bare = (): Promise<Child> => launch('bare-relay.ts', origin)
    const gateway = (users: number) => (): Promise<Child> => launch('gateway.ts', origin, join(world, String(users)))
    for (const users of userCounts) seed(join(world, String(users)), users)

    const startMs = {
      bare: await timeToFirstAnswer(driver, 0, bare),
      gateway: await timeToFirstAnswer(driver, 10, gateway(10)),
    }

    const targets: Target[] = []
    const add = async (name: string, users: number, launchOne: () => Promise<Child>): Promise<void> => {
      const child = await launchOne()
      const { rssBytes } = await child.cost()
      targets.push({ name, users, child, idleRssBytes: rssBytes, samples: [] })
    }
    await add('bare relay', 0, bare)
    for (const users of userCounts) await add(`gateway, ${users.toLocaleString('en')} users`, users, gateway(users))
    // Everybody calls once, so that what is measured is the steady state.
    for (const target of targets) await load(driver, target, { requests: Math.max(target.users, 2_000) })

    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`round ${round + 1} of ${rounds}\n`)
      for (const target of targets) await measure(driver, target)
    }
    report(targets, startMs)
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    rmSync(world, { recursive: true, force: true })
  }
}

function report(targets: readonly Target[], startMs: { readonly bare: number; readonly gateway: number }): void {
  const rows = targets.map(({ name, samples, idleRssBytes }) => ({
    name,
    cpuMicros: median(samples.map((sample) => sample.cpuMicros)),
    bestMicros: Math.min(...samples.map((sample) => sample.cpuMicros)),
    worstMicros: Math.max(...samples.map((sample) => sample.cpuMicros)),
    perSecond: median(samples.map((sample) => sample.perSecond)),
    p50Micros: median(samples.map((sample) => sample.p50Micros)),
    p99Micros: median(samples.map((sample) => sample.p99Micros)),
    idleMegabytes: idleRssBytes / 1_048_576,
  }))
  const base = rows[0]?.cpuMicros ?? NaN
  const table = [
    ['', 'CPU µs', 'to bare', 'best', 'worst', 'req/s', 'p50 ms', 'p99 ms', 'idle MB'],
    ...rows.map((row) => [
      row.name,
      row.cpuMicros.toFixed(1),
      (row.cpuMicros / base).toFixed(2),
      row.bestMicros.toFixed(1),
      row.worstMicros.toFixed(1),
      row.perSecond.toFixed(0),
      (row.p50Micros / 1000).toFixed(2),
      (row.p99Micros / 1000).toFixed(2),
      row.idleMegabytes.toFixed(0),
    ]),
  ]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of table) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    console.log(cells.join('  '))
  }
  console.log(
    `\nstart to first answer: bare relay ${startMs.bare.toFixed(0)} ms, gateway ${startMs.gateway.toFixed(0)} ms`,
  )

  const at = new Date().toISOString()
  const result = { at, node: process.version, cpus: cpus().length, connections, rounds, measureMs, startMs, rows }
  mkdirSync(join(folder, 'results'), { recursive: true })
  writeFileSync(join(folder, 'results', `${at.replaceAll(':', '-')}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
}

await main()
