/**
 * Opens connections to one member. Each is watched for a moment before anything is written to it: what arrives then was
 * not asked for, and would be taken for the answer to the first request (F26).
 */
import { readFileSync } from 'node:fs'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import type { UpstreamConfig } from '../config/config.ts'
import { spokeFirst } from './failures.ts'

/** Called once, never before `open` has returned. */
export type Opened = (error: Error | null, socket: Socket | null) => void

type BareOpened = (error: Error | null, socket?: Socket | null) => void

export interface Connector {
  /** Returns how to give it up; nothing is called then. */
  open(done: Opened): () => void
}

/** Throws when `config.caFile` cannot be read. */
export function createConnector(url: string, config: UpstreamConfig, lookup: LookupFunction | undefined): Connector {
  const { hostname, host, protocol, port } = new URL(url)
  const address = hostname.replace(/^\[|\]$/g, '')
  const connect = buildConnector({
    // Off only by a named and logged option; undici and Node verify by default, reply-from does not.
    rejectUnauthorized: config.verifyTls,
    ...(config.caFile === undefined ? {} : { ca: readFileSync(config.caFile, 'utf8') }),
    ...(lookup === undefined ? {} : { lookup }),
    allowH2: false,
    timeout: config.connectTimeoutMs,
  })
  // The name to verify is the url's: undici takes it from the Host header, which may be another.
  const where = { hostname: address, host, protocol, port, servername: isIP(address) === 0 ? address : '' }

  return {
    open(done) {
      let isGivenUp = false
      let hasBegun = false
      // Its types hide that it returns the socket it connects.
      const begin = connect as unknown as (options: typeof where, opened: BareOpened) => Socket
      const socket = begin(where, (error, opened) => {
        const next = (): void => {
          if (isGivenUp) return
          if (opened === undefined || opened === null) return done(error, null)
          watch(opened, (early) => {
            if (!isGivenUp) done(early ?? null, early === undefined ? opened : null)
          })
        }
        if (hasBegun) next()
        else queueMicrotask(next)
      })
      hasBegun = true
      return () => {
        isGivenUp = true
        socket.destroy()
      }
    },
  }
}

/** Looks for two turns of the event loop: the first ends as the connection stands, the second has asked the kernel what came. */
function watch(socket: Socket, done: (error: Error | undefined) => void): void {
  const onReadable = (): void => {
    // Only this tells a stream that has nothing more to come.
    if (socket.readableLength === 0) socket.read()
  }
  socket.on('readable', onReadable)
  setImmediate(() =>
    setImmediate(() => {
      socket.off('readable', onReadable)
      const error = problemOf(socket)
      if (error !== undefined) socket.destroy()
      done(error)
    }),
  )
}

function problemOf(socket: Socket): Error | undefined {
  if (socket.readableLength > 0) return withCode('the backend spoke before it was asked', spokeFirst)
  if (socket.errored !== null) return socket.errored
  return socket.readableEnded || socket.destroyed
    ? withCode('the backend closed the connection as it was made', 'ECONNRESET')
    : undefined
}

const withCode = (message: string, code: string): Error => Object.assign(new Error(message), { code })
