/** The one shape of the gateway's own answers. */
import type { Failure, FailureDetails } from './failure.ts'

export interface FailureEnvelope {
  readonly message: string
  readonly data: { readonly code: string; readonly request_id: string } & FailureDetails
}

export function failureEnvelope(failure: Failure, requestId: string): FailureEnvelope {
  return {
    message: failure.message,
    data: { code: failure.code, request_id: requestId, ...failure.options.details },
  }
}

export interface SuccessEnvelope<T> {
  readonly status: 'success'
  readonly data: T
}

export function successEnvelope<T>(data: T): SuccessEnvelope<T> {
  return { status: 'success', data }
}
