/** A request of the gateway's own that takes back what the backend did for a caller. */
import type { Gate } from '../context.ts'
import { readAnswer } from './read-answer.ts'
import { compileHeaders, outgoingHeaders } from './request-headers.ts'

const maxAnswerBytes = 1024 * 1024
const deadlineMs = 30_000

/** Sends `DELETE target` to the request's backend, with the gateway's own credential; whether the backend says that it is done. Never rejects. */
export async function undo(gate: Gate, target: string): Promise<boolean> {
  const { tenant } = gate
  if (tenant === undefined) return false
  const made = outgoingHeaders(compileHeaders(tenant.config.upstream), {
    rawHeaders: [],
    clientAddress: gate.clientAddress,
    peerAddress: gate.clientAddress,
    isPeerTrusted: false,
    isEncrypted: false,
    requestId: gate.requestId,
    traceparent: gate.traceparent,
    credential: 'strip',
    body: 'none',
    contentType: undefined,
    readsAnswer: true,
  })
  if (made.kind === 'loop') return false
  const request = { method: 'DELETE', target, headers: made.headers, body: undefined, deadlineMs }
  try {
    const { status } = await readAnswer(tenant.upstream, request, maxAnswerBytes)
    return status >= 200 && status < 300
  } catch {
    return false
  }
}
