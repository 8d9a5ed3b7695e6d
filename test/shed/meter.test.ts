import { expect, it, onTestFinished } from 'vitest'
import { processMeter } from '../../src/shed/meter.ts'

it('tells a loop that stands still again and again', async () => {
  const meter = processMeter()
  onTestFinished(() => meter.close())
  await new Promise((resolve) => setTimeout(resolve, 50))
  meter.read()
  for (let turn = 0; turn < 5; turn++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150)
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  const { lagMs, utilization, heapShare } = meter.read()

  expect(lagMs).toBeGreaterThan(75)
  expect(utilization).toBeGreaterThan(0.5)
  expect([heapShare > 0, heapShare < 1]).toEqual([true, true])
})
