import { describe, expect, it } from 'vitest'
import { createHeld, type Tried } from '../../src/forward/held.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const world = (most: number, answer: (item: number) => Tried) => {
  const tried: number[] = []
  const held = createHeld<number>(most, (item) => {
    tried.push(item)
    return answer(item)
  })
  return { held, tried }
}

describe('what is held', () => {
  it('has a bound', () => {
    const { held } = world(2, () => 'taken')
    expect([1, 2, 3].map((item) => held.join(item))).toEqual([true, true, false])
  })

  it('is tried again in its order, a turn after it is woken, and each once', async () => {
    const { held, tried } = world(8, () => 'taken')
    for (const item of [1, 2, 3]) held.join(item)
    held.leave(2)
    held.wake()
    held.wake()
    expect(tried).toEqual([])
    await turn()
    expect([tried, held.size]).toEqual([[1, 3], 0])
  })

  it('keeps its order when one has to go on waiting', async () => {
    let answer: Tried = 'down'
    const { held, tried } = world(8, () => answer)
    for (const item of [1, 2]) held.join(item)
    held.wake()
    await turn()
    expect([tried, held.size]).toEqual([[1], 2])
    answer = 'taken'
    held.afterRoom()
    await turn()
    // It was not for want of room.
    expect(tried).toEqual([1])
    held.wake()
    await turn()
    expect(tried).toEqual([1, 1, 2])
  })

  it('comes back by itself when there was no room', async () => {
    let answer: Tried = 'full'
    const { held, tried } = world(8, () => answer)
    held.join(1)
    held.wake()
    await turn()
    answer = 'taken'
    held.afterRoom()
    await turn()
    expect([tried, held.size]).toEqual([[1, 1], 0])
  })

  it('may come to wait anew while it is tried', async () => {
    let isFirst = true
    const { held } = world(8, (item) => {
      if (isFirst) held.join(item)
      isFirst = false
      return 'taken'
    })
    held.join(1)
    held.wake()
    await turn()
    expect(held.size).toBe(0)
  })
})
