/** Requests that the gateway makes for itself, on behalf of somebody who asks. Pure. */
import type { Asker } from '../model/ports.ts'
import type { outgoingHeaders } from './request-headers.ts'

export function callerFor({
  requestId,
  traceparent,
  clientAddress,
  authorization,
}: Asker): Parameters<typeof outgoingHeaders>[1] {
  return {
    rawHeaders: [
      'Accept',
      'application/json',
      ...(authorization === undefined ? [] : ['Authorization', authorization]),
    ],
    clientAddress,
    peerAddress: clientAddress,
    isPeerTrusted: false,
    isEncrypted: false,
    requestId,
    traceparent,
    credential: 'strip',
    body: 'none',
    contentType: undefined,
    readsAnswer: true,
  }
}
