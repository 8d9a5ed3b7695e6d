/** What is wrong with the head of a backend's answer that its parser lets pass. Pure. */
import type { FlatHeaders } from '../model/ports.ts'

export interface HeadProblem {
  /** RFC 9209 name. */
  readonly proxyError: 'http_protocol_error' | 'http_response_transfer_coding' | 'http_response_header_section_size'
  readonly message: string
}

/** The parser bounds the bytes of names and values; a field without a value is nearly free there, and no client takes thousands. */
const maxFields = 256
const maxNameBytes = 256

/** `undefined`: nothing. */
export function headProblem(status: number, headers: FlatHeaders): HeadProblem | undefined {
  if (status < 200 || status > 599) return { proxyError: 'http_protocol_error', message: `status ${status}` }
  if (headers.length > 2 * maxFields) return tooLarge(`${headers.length / 2} header fields`)
  let codings = 0
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (name.length > maxNameBytes) return tooLarge(`a header name of ${name.length} bytes`)
    if (name.length !== 17 || name.toLowerCase() !== 'transfer-encoding') continue
    const coding = (headers[at + 1] ?? '').trim()
    // RFC 9112 §6.1: any other coding would have to be undone here, for the header that tells of it ends here.
    if (++codings > 1 || coding.toLowerCase() !== 'chunked') {
      return { proxyError: 'http_response_transfer_coding', message: `a transfer coding of \`${coding}\`` }
    }
  }
  return undefined
}

const tooLarge = (message: string): HeadProblem => ({ proxyError: 'http_response_header_section_size', message })
