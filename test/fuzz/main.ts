/** `npm run fuzz -- --minutes N [--target name] [--seed S] [--runs N] [--keep]`: fuzzes the readers, one after the other. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { shown, writeCorpus } from './corpus.ts'
import type { Broken, FuzzResult, Target } from './fuzzer.ts'
import { targets } from './targets.ts'
import type { WorkerOrder } from './worker.ts'

/** An input that is not read after this time never will be. */
const hangMs = 20_000
const maxInputBytes = 65_536
const crashes = new URL('crashes/', import.meta.url)

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string' },
    runs: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

const numberIn = (text: string, name: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not \`${text}\``)
  return value
}

function chosen(): readonly Target[] {
  const unknown = values.target?.find((name) => targets.every((each) => each.name !== name))
  if (unknown !== undefined) {
    throw new Error(`there is no target \`${unknown}\`; there are ${targets.map(({ name }) => name).join(', ')}`)
  }
  return values.target === undefined ? targets : targets.filter(({ name }) => values.target?.includes(name))
}

/** Runs one target in a worker; a worker that makes no progress is ended, and its input told. */
function run(target: Target, seed: number, runs: number, milliseconds: number): Promise<FuzzResult> {
  const progress = new SharedArrayBuffer(8)
  const input = new SharedArrayBuffer(maxInputBytes)
  const order: WorkerOrder = { target: target.name, seed, runs, milliseconds, progress, input }
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: order })
    let last = -1
    const watch = setInterval(() => {
      const [count = 0, length = 0] = new Int32Array(progress)
      if (count !== last) {
        last = count
        return
      }
      clearInterval(watch)
      void worker.terminate()
      const at = Buffer.from(input.slice(0, length))
      const broken = [{ input: at, why: `does not end within ${hangMs / 1000} s` }]
      resolve({ runs: count, features: 0, corpus: [], broken })
    }, hangMs)
    worker.on('message', (result: FuzzResult) => resolve(result))
    worker.on('error', reject)
    worker.on('exit', () => clearInterval(watch))
  })
}

function tell(target: string, { input, why }: Broken): void {
  mkdirSync(crashes, { recursive: true })
  const bytes = Buffer.from(input)
  const file = new URL(`${target}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`, crashes)
  writeFileSync(file, bytes)
  console.log(`  BROKEN ${why}\n    ${shown(bytes)}\n    ${fileURLToPath(file)}`)
}

const these = chosen()
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : numberIn(values.seed, 'seed')
const milliseconds = (numberIn(values.minutes, 'minutes') * 60_000) / these.length
const runs = values.runs === undefined ? Infinity : numberIn(values.runs, 'runs')
console.log(`seed ${seed}, ${these.length} targets, up to ${Math.round(milliseconds / 1000)} s each`)

let sum = 0
let breaks = 0
for (const target of these) {
  const beganAt = performance.now()
  const result = await run(target, seed, runs, milliseconds)
  const seconds = Math.round((performance.now() - beganAt) / 100) / 10
  console.log(
    `${target.name}: ${result.runs} inputs in ${seconds} s, ${result.features} features, ${result.corpus.length} kept, ${result.broken.length} broken`,
  )
  for (const broken of result.broken) tell(target.name, broken)
  if (values.keep && result.broken.length === 0)
    writeCorpus(
      target.name,
      result.corpus.map((each) => Buffer.from(each)),
    )
  sum += result.runs
  breaks += result.broken.length
}
console.log(`fuzz: ${sum} inputs, ${breaks} broken`)
process.exitCode = breaks === 0 ? 0 : 1
