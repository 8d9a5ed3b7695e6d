/** Asks a member again and again how it is, on a new connection each time. Its timers hold no process up. */
import { Client } from 'undici'
import type { ProbeConfig } from '../config/config.ts'
import type { Connector } from './connector.ts'
import { isGoodStatus } from './probing.ts'

export interface ProberOptions {
  readonly url: string
  /** `undefined`: nothing is asked. */
  readonly probe: ProbeConfig | undefined
  /** Sent as `Host`; `undefined`: the url's own. */
  readonly host: string | undefined
  readonly client: Client.Options
  readonly connector: Connector
}

export interface Prober {
  close(): void
}

/** Begins at once. `onAnswer` is told of each answer, and of each that does not come in time. */
export function createProber(options: ProberOptions, onAnswer: (isGood: boolean, probe: ProbeConfig) => void): Prober {
  const { probe } = options
  if (probe === undefined) return { close() {} }
  return keepAsking(options, probe, onAnswer)
}

function keepAsking(
  options: ProberOptions,
  probe: ProbeConfig,
  onAnswer: (isGood: boolean, probe: ProbeConfig) => void,
): Prober {
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  const ask = (): (() => void) =>
    askOnce(options, probe, (isGood) => {
      if (isClosed) return
      timer = setTimeout(() => (giveUp = ask()), probe.intervalMs).unref()
      onAnswer(isGood, probe)
    })
  let giveUp = ask()

  return {
    close() {
      isClosed = true
      clearTimeout(timer)
      giveUp()
    },
  }
}

/** `done` is called once, later. */
function askOnce(
  { url, host, client: options, connector }: ProberOptions,
  probe: ProbeConfig,
  done: (isGood: boolean) => void,
): () => void {
  let isOver = false
  const client = new Client(url, { ...options, connect: (_where, opened) => void connector.open(opened as never) })
  const timer = setTimeout(() => finish(false), probe.timeoutMs).unref()
  function finish(isGood: boolean): void {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    queueMicrotask(() => {
      // Whatever else comes is not wanted.
      void client.destroy()
      done(isGood)
    })
  }
  client.dispatch(
    {
      method: 'GET',
      path: probe.path,
      headers: [...(host === undefined ? [] : ['host', host]), 'accept', '*/*', 'user-agent', 'sallyport-health'],
      reset: true,
    },
    {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        if (status >= 200) finish(isGoodStatus(status, probe))
      },
      onResponseData() {},
      onResponseEnd() {},
      onResponseError() {
        finish(false)
      },
    },
  )
  return () => finish(false)
}
