import { describe, expect, it } from 'vitest'
import { heldAnswer, type Answer, type Ending, type Hold } from '../../src/grant/held-answer.ts'
import { refused, type Failure } from '../../src/model/failure.ts'
import type { Exchange, UpstreamFailure } from '../../src/model/ports.ts'

/** What goes on behind the held answer, in order. */
function behind() {
  const seen: string[] = []
  let attached: Exchange | undefined
  const inner: Answer = {
    attach: (exchange) => {
      attached = exchange
    },
    head: (status) => void seen.push(`head ${status}`),
    data: (chunk) => seen.push(`data ${chunk.toString()}`) > 0,
    end: () => void seen.push('end'),
    failed: ({ code }) => void seen.push(`failed ${code}`),
    refuse: ({ code }) => void seen.push(`refused ${code}`),
  }
  return { seen, inner, attached: () => attached ?? expect.unreachable('nothing was attached') }
}

const exchange = () => {
  const calls: string[] = []
  return { calls, resume: () => void calls.push('resume'), abort: () => void calls.push('abort') }
}
const broken: UpstreamFailure = { code: 'upstream-reset', proxyError: 'x', phase: 'body', cause: undefined }

/** Holds what is 2xx until `go` is called with what is to become of it. */
function holding() {
  const endings: Ending[] = []
  const { promise, resolve: go } = Promise.withResolvers<Failure | undefined>()
  const hold: Hold = {
    wants: (status) => status < 300,
    settle: (ending) => {
      endings.push(ending)
      return promise
    },
  }
  return { hold, endings, go }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('heldAnswer', () => {
  it('lets nothing out before what follows is written, and then all of it', async () => {
    const { seen, inner } = behind()
    const { hold, endings, go } = holding()
    const held = heldAnswer(inner, hold)
    held.attach(exchange())
    held.head(200, ['A', 'b'])
    held.data(Buffer.from('on'))
    held.data(Buffer.from('e'))
    held.end()
    await turn()

    expect(seen).toEqual([])
    expect(endings).toEqual([{ kind: 'answer', status: 200, body: Buffer.from('one') }])
    go(undefined)
    await turn()
    expect(seen).toEqual(['head 200', 'data one', 'end'])
  })

  it('sends a failure in place of the answer', async () => {
    const { seen, inner } = behind()
    const { hold, go } = holding()
    const held = heldAnswer(inner, hold)
    held.attach(exchange())
    held.head(200, [])
    held.data(Buffer.from('secret'))
    held.end()
    go(refused('store-unavailable'))
    await turn()

    expect(seen).toEqual(['refused store-unavailable'])
  })

  it('streams what it does not want, and gives it up when the caller leaves', async () => {
    const { seen, inner, attached } = behind()
    const { hold, endings } = holding()
    const real = exchange()
    const held = heldAnswer(inner, hold)
    held.attach(real)
    held.head(400, [])
    held.data(Buffer.from('no'))
    attached().resume()
    attached().abort()

    expect(seen).toEqual(['head 400', 'data no'])
    expect(real.calls).toEqual(['resume', 'abort'])
    expect(endings).toEqual([])
  })

  it('goes on when the caller leaves while it holds', async () => {
    const { inner, attached } = behind()
    const { hold, endings } = holding()
    const real = exchange()
    const held = heldAnswer(inner, hold)
    held.attach(real)
    attached().abort()
    held.head(200, [])
    attached().abort()
    held.end()

    expect(real.calls).toEqual([])
    expect(endings).toHaveLength(1)
  })

  it('settles a failure with the status that came before it', async () => {
    const { seen, inner } = behind()
    const { hold, endings, go } = holding()
    const held = heldAnswer(inner, hold)
    held.attach(exchange())
    held.head(200, [])
    held.data(Buffer.from('ha'))
    held.failed(broken)
    go(undefined)
    await turn()

    expect(endings).toEqual([{ kind: 'failure', status: 200, failure: broken }])
    expect(seen).toEqual(['failed upstream-reset'])
  })

  it('ends an answer of more than a mebibyte once, at the first byte beyond', async () => {
    const { seen, inner } = behind()
    const { hold, endings, go } = holding()
    const real = exchange()
    const held = heldAnswer(inner, hold)
    held.attach(real)
    held.head(200, [])
    held.data(Buffer.alloc(1024 * 1024))
    expect(endings).toEqual([])
    held.data(Buffer.alloc(1))
    held.data(Buffer.alloc(1))
    go(undefined)
    await turn()

    expect(real.calls).toEqual(['abort'])
    expect(endings).toHaveLength(1)
    expect(seen).toEqual(['failed upstream-protocol'])
  })
})
