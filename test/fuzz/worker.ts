/** Fuzzes one target in a thread of its own, so that whoever waits can tell when an input never comes to its end. */
import { parentPort, workerData } from 'node:worker_threads'
import { readInputs } from './corpus.ts'
import { startCoverage } from './coverage.ts'
import { fuzz } from './fuzzer.ts'
import { targets } from './targets.ts'

export interface WorkerOrder {
  readonly target: string
  readonly seed: number
  readonly runs: number
  readonly milliseconds: number
  /** The count of inputs, and the length of the one at hand. */
  readonly progress: SharedArrayBuffer
  /** The input at hand. */
  readonly input: SharedArrayBuffer
}

const order = workerData as WorkerOrder
const target = targets.find(({ name }) => name === order.target)
if (target === undefined) throw new Error(`no target \`${order.target}\``)
const progress = new Int32Array(order.progress)
const atHand = new Uint8Array(order.input)
const endsAt = performance.now() + order.milliseconds
const coverage = startCoverage()
const result = fuzz(target, coverage, {
  seed: order.seed,
  runs: order.runs,
  goesOn: () => performance.now() < endsAt,
  corpus: [...readInputs('corpus', target.name), ...readInputs('found', target.name)],
  onInput: (input) => {
    atHand.set(input.subarray(0, atHand.length))
    progress[1] = Math.min(input.length, atHand.length)
    Atomics.add(progress, 0, 1)
  },
})
coverage.close()
parentPort?.postMessage(result)
