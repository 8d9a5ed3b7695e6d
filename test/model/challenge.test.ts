import { describe, expect, it } from 'vitest'
import { unauthenticated } from '../../src/model/challenge.ts'

describe('unauthenticated', () => {
  it('is the catalogue’s 403 without a challenge, as the backend answers', () => {
    const failure = unauthenticated({ unauthenticatedStatus: 403, realm: 'lists' }, 'credentials-invalid')

    expect(failure).toMatchObject({ code: 'credentials-invalid', status: 403, message: 'invalid API credentials' })
    expect(failure.options).toEqual({ cause: undefined })
    expect(failure.cause).toBeUndefined()
  })

  it('B10: is 401 with a challenge that names realm and charset', () => {
    const failure = unauthenticated({ unauthenticatedStatus: 401, realm: 'lists' }, 'credentials-missing')

    expect(failure).toMatchObject({ code: 'credentials-missing', status: 401, message: 'invalid session' })
    expect(failure.options.headers).toEqual(['WWW-Authenticate', 'Basic realm="lists", charset="UTF-8"'])
  })

  it('keeps the inner reason for the log, out of the message', () => {
    const failure = unauthenticated({ unauthenticatedStatus: 403, realm: 'lists' }, 'credentials-invalid', 'expired')

    expect(failure).toMatchObject({ cause: 'expired', message: 'invalid API credentials' })
  })

  it('keeps the realm inside its quotes', () => {
    const failure = unauthenticated({ unauthenticatedStatus: 401, realm: 'a"b\\c\r\nX: 1é' }, 'session-expired')

    expect(failure.options.headers?.[1]).toBe('Basic realm="a\\"b\\\\cX: 1", charset="UTF-8"')
  })
})
