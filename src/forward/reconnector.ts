/**
 * Knocks at a member to which no connection comes about until one does, so that no request has to find out. Connects and
 * hangs up; nothing is sent. Its timer holds no process up.
 */
import type { Connector } from './connector.ts'
import { spokeFirst } from './failures.ts'

export interface Reconnector {
  /** Knocks from now on, if it does not already. */
  start(): void
  close(): void
}

/** Often at first, for a program that starts anew; then at ease. */
const soonMs = 100
const laterMs = 500
const soonTimes = 50

/** `onOpen` is called when a connection came about; then it rests. */
export function createReconnector(connector: Connector, onOpen: () => void): Reconnector {
  let timer: NodeJS.Timeout | undefined
  let giveUp: (() => void) | undefined
  let isRunning = false
  let isClosed = false
  let times = 0

  function later(): void {
    timer = setTimeout(knock, times++ < soonTimes ? soonMs : laterMs).unref()
  }

  function knock(): void {
    giveUp = connector.open((error, socket) => {
      giveUp = undefined
      socket?.destroy()
      // Who speaks first is there, whatever it says.
      if (socket === null && !isSpeech(error)) return later()
      isRunning = false
      onOpen()
    })
  }

  return {
    start() {
      if (isRunning || isClosed) return
      isRunning = true
      times = 0
      later()
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      giveUp?.()
    },
  }
}

const isSpeech = (error: Error | null): boolean => error !== null && 'code' in error && error.code === spokeFirst
