/**
 * `node bench/crowd.ts`: what a caller who does nothing wrong feels of a crowd that does: 5,000 idle connections, 500 slow ones and
 * 64 uploads at once, with the timeouts that are the gateway's defaults. The caller asks, rests 10 ms, and asks again, on one
 * connection. Quiet and crowded take turns in one run; fails when the caller's p99 is more than 3 times the quiet one (medians), or when the
 * gateway's memory passes 300 MB.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadOutcome } from './child.ts'
import { start, type Child } from './process.ts'

const folder = import.meta.dirname
const rounds = 5
const quietMs = 4_000
const crowdedMs = 12_000
const allowedRatio = 3
const allowedMb = 300
const users = 10
const limits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 15_000,
  idleTimeoutMs: 120_000,
  maxRequestsPerSocket: 10_000,
  // All come from one address here.
  maxConnections: 10_000,
  maxConnectionsPerAddress: 10_000,
  minBodyRate: 1_024,
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
const mb = (bytes: number): number => Math.round(bytes / 1_048_576)
const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function caller(driver: Child, gateway: Child, ms: number): Promise<LoadOutcome> {
  const outcome = await driver.load({ port: gateway.port, connections: 1, users, restMs: 10, until: { ms } })
  const wrong = Object.keys(outcome.statuses).filter((status) => status !== '200')
  if (wrong.length > 0) throw new Error(`the caller got ${JSON.stringify(outcome.statuses)}`)
  return outcome
}

/** Highest resident memory of `child` until `over`. */
async function peakOf(child: Child, over: Promise<unknown>): Promise<number> {
  let isOver = false
  void over.finally(() => (isOver = true))
  let peak = 0
  while (!isOver) {
    peak = Math.max(peak, (await child.cost()).rssBytes)
    await sleep(250)
  }
  return peak
}

const world = mkdtempSync(join(tmpdir(), 'sallyport-crowd-'))
const children: Child[] = []
const launch = async (file: string, ...args: string[]): Promise<Child> => {
  const child = await start(join(folder, file), args)
  children.push(child)
  return child
}
try {
  const store = join(world, 'store')
  mkdirSync(store)
  execFileSync(process.execPath, [join(folder, 'seed.ts'), store, String(users)], { stdio: 'ignore' })
  const backend = await launch('backend.ts')
  const driver = await launch('load.ts')
  const gateway = await launch('gateway.ts', `http://127.0.0.1:${backend.port}`, store, JSON.stringify(limits))
  await caller(driver, gateway, 2_000)

  for (const pace of ['paced', 'unpaced']) {
    const quiet: LoadOutcome[] = []
    const crowded: LoadOutcome[] = []
    let peak = 0
    for (let round = 0; round < rounds; round++) {
      quiet.push(await caller(driver, gateway, quietMs))
      const crowd = await launch('crowd-load.ts', String(gateway.port), pace)
      const visit = caller(driver, gateway, crowdedMs)
      peak = Math.max(peak, await peakOf(gateway, visit))
      crowded.push(await visit)
      await crowd.stop()
      await sleep(1_000)
    }
    const p = (outcomes: readonly LoadOutcome[], of: 'p50Micros' | 'p99Micros'): number =>
      median(outcomes.map((outcome) => outcome[of])) / 1_000
    const ratio = p(crowded, 'p99Micros') / p(quiet, 'p99Micros')
    print(
      `uploads ${pace}: p50 ${p(quiet, 'p50Micros').toFixed(2)} → ${p(crowded, 'p50Micros').toFixed(2)} ms, ` +
        `p99 ${p(quiet, 'p99Micros').toFixed(2)} → ${p(crowded, 'p99Micros').toFixed(2)} ms (${ratio.toFixed(2)} times), ` +
        `peak ${mb(peak)} MB resident`,
    )
    // Unpaced uploads take whole processors from everybody on the machine, the caller's own process among them: told, not judged.
    if (pace === 'paced' && ratio > allowedRatio) process.exitCode = 1
    if (mb(peak) > allowedMb) process.exitCode = 1
  }
} finally {
  await Promise.all(children.map((child) => child.stop()))
  rmSync(world, { recursive: true, force: true })
}
