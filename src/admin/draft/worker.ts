/** A thread that judges one draft: a second of work that must not hold requests up. */
import { parentPort, workerData } from 'node:worker_threads'
import { judgeDraft, type Draft } from './verdict.ts'

parentPort?.postMessage(judgeDraft(workerData as Draft))
