import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tokenIdFrom } from '../../src/model/ids.ts'
import { createTouches, type TouchedToken } from '../../src/store/touches.ts'

const [one, two] = [tokenIdFrom(1), tokenIdFrom(2)]
const clock = { epochMs: () => Date.now(), monotonicMs: () => Date.now() }

describe('touches', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const writtenBy = () => {
    const batches: (readonly TouchedToken[])[] = []
    const touches = createTouches(clock, async (touched) => {
      batches.push(touched)
    })
    return { batches, touches }
  }

  it('writes uses of many tokens in one batch, the latest of each', async () => {
    const { batches, touches } = writtenBy()
    touches.touch(one, 10)
    touches.touch(two, 30)
    touches.touch(one, 20)
    expect(batches).toEqual([])

    await vi.advanceTimersByTimeAsync(1000)

    expect(batches).toEqual([
      [
        [one, 20],
        [two, 30],
      ],
    ])
    await touches.close()
  })

  it('writes each token at most once a minute, however often it is used', async () => {
    const { batches, touches } = writtenBy()
    for (let second = 0; second < 180; second++) {
      touches.touch(one, second)
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(batches).toEqual([[[one, 0]], [[one, 60]], [[one, 120]]])

    await touches.close()
    expect(batches.at(-1)).toEqual([[one, 179]])
  })

  it('writes a last use without another one coming', async () => {
    const { batches, touches } = writtenBy()
    touches.touch(one, 1)
    await vi.advanceTimersByTimeAsync(1000)
    touches.touch(one, 2)
    await vi.advanceTimersByTimeAsync(120_000)

    expect(batches).toEqual([[[one, 1]], [[one, 2]]])
    expect(vi.getTimerCount()).toBe(0)
    await touches.close()
    expect(batches).toHaveLength(2)
  })

  it('keeps what could not be written, and writes it later', async () => {
    const batches: (readonly TouchedToken[])[] = []
    let isAway = true
    const touches = createTouches(clock, async (touched) => {
      if (isAway) throw new Error('away')
      batches.push(touched)
    })
    touches.touch(one, 1)
    await vi.advanceTimersByTimeAsync(5000)
    isAway = false
    await vi.advanceTimersByTimeAsync(1000)

    expect(batches).toEqual([[[one, 1]]])
    await touches.close()
  })

  it('closes although nothing can be written, and takes nothing more', async () => {
    const touches = createTouches(clock, () => Promise.reject(new Error('away')))
    touches.touch(one, 1)

    await touches.close()
    touches.touch(one, 2)

    expect(vi.getTimerCount()).toBe(0)
  })
})
