/** What Node could not read as a request, answered on the bare socket. */
import { randomUUID } from 'node:crypto'
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { failureEnvelope } from '../model/envelope.ts'
import { Failure } from '../model/failure.ts'
import { parserFailure, tunnelFailure } from '../model/framework-errors.ts'
import { failureHeaders } from './write-failure.ts'

const isWaiting: unique symbol = Symbol('a failure waits for the answer before it')

/** What Node keeps on a socket: the answer that is under way. */
interface Wire extends Socket {
  readonly _httpMessage?: ServerResponse | null
  [isWaiting]?: true
}

/** For Fastify's constructor. */
export function clientErrorHandler(error: unknown, socket: Wire): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const answer = socket._httpMessage ?? undefined
  // The request before was whole: its answer goes first, and is not the one to be told that something is wrong.
  if (answer?.req.complete === true) return answerAfter(answer, error, socket)
  if (answer?.headersSent === true) {
    // Another answer would be read as its continuation. Not in this turn: a refusal that was just written still has to
    // leave. What is cut short shows it by its length.
    setImmediate(() => socket.destroy())
    return
  }
  answerOnSocket(error instanceof Failure ? error : parserFailure(error), socket)
}

/** For the server's `connect`: answered like what Node could not read. */
export const refuseTunnel = (socket: Socket): void => clientErrorHandler(tunnelFailure(), socket)

/** Once: what is behind the first mistake is a mistake to Node at each packet. */
function answerAfter(answer: ServerResponse, error: unknown, socket: Wire): void {
  if (socket[isWaiting] === true) return
  socket[isWaiting] = true
  answer.once('close', () => {
    delete socket[isWaiting]
    clientErrorHandler(error, socket)
  })
}

function answerOnSocket(failure: Failure, socket: Socket): void {
  const requestId = randomUUID()
  const body = JSON.stringify(failureEnvelope(failure, requestId))
  const headers = failureHeaders(failure, { requestId, quota: undefined, realm: '' }, Buffer.byteLength(body))
  const lines = [`HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status] ?? ''}`, 'Connection: close']
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at] ?? ''}: ${headers[at + 1] ?? ''}`)
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
