import { describe, expect, it } from 'vitest'
import { upstreamFailure, type Phase } from '../../src/forward/failures.ts'
import { refused } from '../../src/model/failure.ts'

const coded = (code: string, message = ''): Error => Object.assign(new Error(message), { code })
const meaning = (error: unknown, phase: Phase = 'wait'): string[] => {
  const { code, proxyError } = upstreamFailure(error, phase)
  return [code, proxyError]
}

describe('upstreamFailure', () => {
  it.each([
    ['ECONNREFUSED', 'upstream-refused', 'connection_refused'],
    ['EHOSTUNREACH', 'upstream-refused', 'destination_ip_unroutable'],
    ['ENETUNREACH', 'upstream-refused', 'destination_ip_unroutable'],
    ['ETIMEDOUT', 'upstream-connect-timeout', 'connection_timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'upstream-connect-timeout', 'connection_timeout'],
    ['ENOTFOUND', 'upstream-dns', 'dns_error'],
    ['EAI_AGAIN', 'upstream-connect-timeout', 'dns_timeout'],
    ['ETIMEOUT', 'upstream-connect-timeout', 'dns_timeout'],
    ['CERT_HAS_EXPIRED', 'upstream-tls', 'tls_certificate_error'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'upstream-tls', 'tls_certificate_error'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'upstream-tls', 'tls_certificate_error'],
    ['EPROTO', 'upstream-tls', 'tls_protocol_error'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'upstream-tls', 'tls_protocol_error'],
    ['ECONNRESET', 'upstream-reset', 'connection_terminated'],
    ['EPIPE', 'upstream-reset', 'connection_terminated'],
    ['UND_ERR_SOCKET', 'upstream-reset', 'connection_terminated'],
    ['UND_ERR_HEADERS_OVERFLOW', 'upstream-protocol', 'http_response_header_section_size'],
    ['UND_ERR_HEADERS_TIMEOUT', 'upstream-timeout', 'http_response_timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'upstream-timeout', 'connection_read_timeout'],
    ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'body-unreadable', 'http_request_error'],
    ['EMFILE', 'overloaded', 'connection_limit_reached'],
    ['EADDRNOTAVAIL', 'overloaded', 'connection_limit_reached'],
    ['UND_ERR_DESTROYED', 'overloaded', 'connection_limit_reached'],
    ['UND_ERR_INVALID_ARG', 'internal', 'proxy_internal_error'],
    ['SOMETHING_NEW', 'internal', 'proxy_internal_error'],
  ])('%s → %s, %s', (code, ...expected) => {
    expect(meaning(coded(code))).toEqual(expected)
  })

  it('looks into causes and into the attempts of several addresses', () => {
    expect(meaning(new Error('fetch failed', { cause: coded('ENOTFOUND') }))).toEqual(['upstream-dns', 'dns_error'])
    expect(meaning(new AggregateError([coded('ECONNREFUSED'), coded('ETIMEDOUT')]))).toEqual([
      'upstream-refused',
      'connection_refused',
    ])
  })

  it('tells a cut answer from a cut conversation', () => {
    expect(meaning(coded('ECONNRESET'), 'body')).toEqual(['upstream-reset', 'http_response_incomplete'])
    expect(meaning(coded('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'), 'body')).toEqual([
      'upstream-reset',
      'http_response_incomplete',
    ])
    expect(meaning(coded('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'), 'wait')).toEqual([
      'upstream-protocol',
      'http_response_transfer_coding',
    ])
  })

  it("knows the faults of the caller's body", () => {
    expect(meaning(refused('body-too-large'), 'send')).toEqual(['body-too-large', 'http_request_error'])
    expect(meaning(refused('body-unreadable'), 'send')).toEqual(['body-unreadable', 'http_request_error'])
    expect(meaning(refused('internal'), 'send')).toEqual(['internal', 'proxy_internal_error'])
  })

  it('takes what is no error for a bug of ours, and keeps the cause', () => {
    expect(upstreamFailure('x', 'send')).toEqual({
      code: 'internal',
      proxyError: 'proxy_internal_error',
      phase: 'send',
      cause: 'x',
    })
  })
})
