import { describe, expect, it } from 'vitest'
import { answerHeaders, type AnswerContext } from '../../src/respond/answer-headers.ts'

const context = (more: Partial<AnswerContext> = {}): AnswerContext => ({
  requestId: 'r1',
  quota: undefined,
  isPersonal: false,
  passesCredentials: false,
  ownOrigins: () => ['http://10.0.0.5:9000', 'http://backend.test'],
  ...more,
})
const ours = ['Via', '1.1 sallyport', 'X-Request-Id', 'r1']

describe('answerHeaders', () => {
  it.each(
    [
      [
        'Connection',
        'Keep-Alive',
        'Proxy-Authenticate',
        'TE',
        'Trailer',
        'Transfer-Encoding',
        'Upgrade',
        'Server',
        'X-Powered-By',
      ],
      [
        'X-Accel-Redirect',
        'X-Accel-Buffering',
        'X-Sendfile',
        'Set-Cookie',
        'WWW-Authenticate',
        'Access-Control-Allow-Origin',
      ],
      ['Strict-Transport-Security', 'Alt-Svc', 'Clear-Site-Data', 'Refresh', 'X-Request-Id'],
    ].flat(),
  )('drops %s', (name) => {
    expect(answerHeaders([name, 'x', name.toLowerCase(), 'y'], context())).toEqual(ours)
  })

  it('drops what any Connection header names, and cannot be told to drop ours', () => {
    const headers = ['Connection', 'close', 'Connection', 'X-Hop, Via', 'X-Hop', 'a', 'X-Kept', 'b']
    expect(answerHeaders(headers, context())).toEqual(['X-Kept', 'b', ...ours])
  })

  it('passes cookies and challenges where the backend signs its own users in', () => {
    const headers = ['Set-Cookie', 'a=b', 'Set-Cookie', 'c=d', 'WWW-Authenticate', 'Basic']
    expect(answerHeaders(headers, context({ passesCredentials: true }))).toEqual([...headers, ...ours])
  })

  it.each([
    [undefined, 'no-store'],
    ['max-age=60', 'no-store'],
    ['private, max-age=60', 'no-store'],
    ['x-public-ish', 'no-store'],
    ['public, max-age=60', 'public, max-age=60'],
    ['s-maxage=10', 's-maxage=10'],
  ])('Cache-Control %s of a personal answer becomes %s', (said, expected) => {
    const headers = said === undefined ? [] : ['Cache-Control', said]
    expect(answerHeaders(headers, context({ isPersonal: true }))).toEqual(['Cache-Control', expected, ...ours])
    expect(answerHeaders(headers, context())).toEqual([...headers, ...ours])
  })

  it.each([
    ['http://10.0.0.5:9000/login?next=/a#b', '/login?next=/a#b'],
    ['http://backend.test/', '/'],
    ['//10.0.0.5:9000/x', '/x'],
    ['HTTP://BACKEND.TEST/x', '/x'],
    ['/login', '/login'],
    ['https://elsewhere.test/', 'https://elsewhere.test/'],
    ['http://10.0.0.5:9001/x', 'http://10.0.0.5:9001/x'],
  ])('Location %s becomes %s', (said, expected) => {
    expect(answerHeaders(['Location', said], context())).toEqual(['Location', expected, ...ours])
  })

  it('adds itself to Via', () => {
    expect(answerHeaders(['Via', '1.1 inner'], context())).toEqual([
      'Via',
      '1.1 inner, 1.1 sallyport',
      'X-Request-Id',
      'r1',
    ])
  })
})
