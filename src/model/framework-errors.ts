/** What the framework and Node's parser complain of, as failures of the catalogue. Pure. */
import { Failure, type FailureCode, refused } from './failure.ts'

const byFrameworkCode: ReadonlyMap<string, FailureCode> = new Map<string, FailureCode>([
  ['FST_ERR_NOT_FOUND', 'route-unknown'],
  ['FST_ERR_BAD_URL', 'target-ambiguous'],
  ['FST_ERR_INVALID_URL', 'target-ambiguous'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'target-too-long'],
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'body-too-large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'media-type-unsupported'],
  ['FST_ERR_ROUTE_MISSING_CONTENT_TYPE', 'media-type-unsupported'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'body-unreadable'],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', 'body-unreadable'],
  ['FST_ERR_CTP_INVALID_JSON_BODY', 'body-unreadable'],
])

/** Whatever was thrown, as a failure. What nobody knows is `internal`: its text goes to the log alone. */
export function failureFrom(error: unknown): Failure {
  if (error instanceof Failure) return error
  const code = byFrameworkCode.get(codeOf(error))
  return code === undefined ? new Failure('internal', { cause: error }) : refused(code, { cause: error })
}

const byParserCode: ReadonlyMap<string, FailureCode> = new Map<string, FailureCode>([
  ['HPE_HEADER_OVERFLOW', 'headers-too-large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request-timeout'],
  ['HPE_INVALID_URL', 'target-ambiguous'],
  ['HPE_INVALID_CHUNK_SIZE', 'body-unreadable'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'body-unreadable'],
  ['HPE_INVALID_EOF_STATE', 'body-unreadable'],
])

/** A tunnel that was asked for: Node hands its connection over, and there is no request. */
export const tunnelFailure = (): Failure =>
  refused('method-not-allowed', { headers: ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE'], close: true })

/** A request that Node could not read. Its bytes (`rawPacket`) hold credentials: only the code is kept. */
export function parserFailure(error: unknown): Failure {
  const code = codeOf(error)
  return refused(byParserCode.get(code) ?? 'header-invalid', { cause: code, close: true })
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
