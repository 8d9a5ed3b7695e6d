import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeTarget } from '../../src/model/target.ts'
import { parseTarget } from '../../src/screen/target.ts'

const host = 'gw.test'

const codeOf = (raw: string): string => {
  const reading = parseTarget(raw, host)
  return reading.kind === 'target'
    ? `accepted as ${writeTarget(reading.target.path, reading.target.query)}`
    : reading.code
}

const accepted = (raw: string) => {
  const reading = parseTarget(raw, host)
  if (reading.kind === 'refused') throw new Error(`refused: ${reading.why}`)
  return reading.target
}

describe('parseTarget, path', () => {
  it.each([
    ['P01', '/api/public/../settings'],
    ['P01', '/..'],
    ['P01', '/api/..'],
    ['P02', '/api/public/%2e%2e/settings'],
    ['P02', '/api/public/%2E%2E/settings'],
    ['P02', '/api/public/.%2e/settings'],
    ['P02', '/api/public/%2e./settings'],
    ['P03', '/api/./settings'],
    ['P03', '/api/%2e/settings'],
    ['P03', '/api/settings/.'],
    ['P03', '/.'],
    ['P04', '/api/public\\..\\settings'],
    ['P04', '/api\\settings'],
    ['P04', '\\\\evil.test\\x'],
    ['P05', '/api/public%5c..%5csettings'],
    ['P06', '/api/lists%2f5'],
    ['P06', '/api%2fsettings'],
    ['P06', '/admin%2Fsecret.txt'],
    ['P07', '//api/settings'],
    ['P07', '/api//settings'],
    ['P07', '///'],
    ['P07', '//evil.test/x'],
    ['P07', '/api/settings//'],
    ['P09', '/api/settings;x=1'],
    ['P09', '/api;x/settings'],
    ['P09', '/api/settings%3bx=1'],
    ['P09', '/api/settings;/..'],
    ['P12', '/api/%2573ettings'],
    ['P12', '/%252e%252e/settings'],
    ['P12', '/api/%25252f'],
    ['P13', '/api/%00'],
    ['P13', '/api/%0d%0aX:1'],
    ['P13', '/api/%09'],
    ['P13', '/api/%0a'],
    ['P13', '/api/%7f'],
    ['P13', '/api/%1b'],
    ['P13', '/api/%c2%9b'],
    ['P14', '/api/%ff'],
    ['P14', '/api/%c0%ae%c0%ae'],
    ['P14', '/api/%ed%a0%80'],
    ['P14', '/api/caf\u00e9'],
    ['P14', '/api/%f4%90%80%80'],
    ['P15', '/api/%zz'],
    ['P15', '/api/%2'],
    ['P15', '/a%'],
    ['P20', '/api/public#/../settings'],
    ['P20', '/api/lists#x?id=7'],
    ['P20', '/api/lists?id=5#&id=7'],
    ['P21', '*'],
    ['P21', '*/test'],
    ['P21', '*abc'],
    ['P22', 'b:443'],
    ['P22', 'admin'],
    ['P22', 'http://b:80'],
    ['P25', '/api/lists%3fid=7'],
    ['P25', '/api/lists%23x'],
    ['controls', '/api/lists\u0001'],
    ['controls', '/api/li sts'],
    ['controls', '/api/lists?a=\u007f'],
    ['brackets', '/api/lists[0]'],
    ['brackets', '/api/{id}'],
    ['quotes', '/api/"x"'],
    ['angles', '/api/<x>'],
    ['caret', '/api/^'],
    ['empty', ''],
    ['query alone', '?a=1'],
  ])('%s refuses %j as ambiguous', (_id, raw) => {
    expect(codeOf(raw)).toBe('target-ambiguous')
  })

  it.each([
    ['plain', '/api/lists/5', '/api/lists/5', ['api', 'lists', '5']],
    ['root', '/', '/', ['']],
    ['P08 keeps a trailing slash as a path of its own', '/api/lists/5/', '/api/lists/5/', ['api', 'lists', '5', '']],
    ['P10 keeps the case', '/API/Settings', '/API/Settings', ['API', 'Settings']],
    ['P11 decodes unreserved characters', '/api/%73ettings', '/api/settings', ['api', 'settings']],
    ['P11', '/%61pi/%7Esettings', '/api/~settings', ['api', '~settings']],
    ['P16 never normalises', '/api/cafe%CC%81', '/api/cafe%CC%81', ['api', 'cafe\u0301']],
    ['P16', '/api/caf%c3%a9', '/api/caf%C3%A9', ['api', 'caf\u00e9']],
    ['P16 full-width slash is no slash', '/api/%EF%BC%8Fx', '/api/%EF%BC%8Fx', ['api', '\uff0fx']],
    ['P16 full-width dots are no dots', '/api/%EF%BC%8E%EF%BC%8E', '/api/%EF%BC%8E%EF%BC%8E', ['api', '\uff0e\uff0e']],
    ['keeps a byte order mark', '/api/%EF%BB%BFx', '/api/%EF%BB%BFx', ['api', '\ufeffx']],
    ['three dots are a name', '/api/...', '/api/...', ['api', '...']],
    ['well-known', '/.well-known/x', '/.well-known/x', ['.well-known', 'x']],
    ['writes what Go leaves alone unescaped', '/a/%24%26%2B%2C%3A%3D%40', '/a/$&+,:=@', ['a', '$&+,:=@']],
    ['escapes what Go escapes', "/a/!'()*", '/a/%21%27%28%29%2A', ['a', "!'()*"]],
    ['a plus is a plus in a path', '/a/b+c', '/a/b+c', ['a', 'b+c']],
    ['a space', '/a/b%20c', '/a/b%20c', ['a', 'b c']],
  ])('%s: %s', (_id, raw, path, segments) => {
    expect(accepted(raw)).toEqual({ path, segments, query: [] })
  })

  it('P26: takes 8192 bytes and refuses 8193 as too long', () => {
    expect(accepted(`/${'a'.repeat(8191)}`).segments).toEqual(['a'.repeat(8191)])
    expect(codeOf(`/${'a'.repeat(8192)}`)).toBe('target-too-long')
  })
})

describe('parseTarget, absolute-form', () => {
  it.each([
    ['P17', 'http://gw.test/api/lists?a=1', 'gw.test', '/api/lists?a=1'],
    ['P17 in any case', 'HTTP://GW.test/api/Lists', 'gw.TEST', '/api/Lists'],
    ['P17 with a port', 'http://gw.test:8080/api/lists', 'gw.test:8080', '/api/lists'],
    ['P19 an empty path is the root', 'http://gw.test', 'gw.test', '/'],
  ])('%s reads %s with Host %s as %s', (_id, raw, hostHeader, target) => {
    const reading = parseTarget(raw, hostHeader)

    expect(reading.kind === 'target' && writeTarget(reading.target.path, reading.target.query)).toBe(target)
  })

  it.each([
    ['P17 another authority', 'http://other.test/api/lists'],
    ['P17 another port', 'http://gw.test:9000/api/lists'],
    ['P18 the upstream', 'http://127.0.0.1:9000/api/settings'],
    ['P18 another scheme', 'https://gw.test/api/settings'],
    ['P18 user information', 'http://u:p@gw.test/'],
    ['P18 a longer name', 'http://gw.test.evil.test/'],
    ['P18 user information that looks like us', 'http://gw.test@evil.test/'],
    ['P19', 'http://gw.test?next=/api/settings'],
    ['P19', 'http://gw.test#/api/settings'],
    ['P19', 'http:///api/settings'],
    ['P01', 'http://gw.test/api/../settings'],
    ['P07', 'http://gw.test//evil.test/x'],
    ['ftp', 'ftp://gw.test/x'],
  ])('%s: refuses %s', (_id, raw) => {
    expect(codeOf(raw)).toBe('target-ambiguous')
  })

  it('refuses one without a Host to compare with, and an empty one', () => {
    expect(parseTarget('http://gw.test/x', undefined)).toMatchObject({ kind: 'refused', code: 'target-ambiguous' })
    expect(parseTarget('http:///x', '')).toMatchObject({ kind: 'refused', code: 'target-ambiguous' })
  })

  it('takes https where the listener speaks TLS, and http no longer', () => {
    expect(parseTarget('https://gw.test/x', host, 'https').kind).toBe('target')
    expect(parseTarget('http://gw.test/x', host, 'https').kind).toBe('refused')
  })
})

describe('parseTarget, query', () => {
  it.each([
    [
      'Q01 keeps order and repetition',
      '?list_id=5&list_id=7',
      [
        ['list_id', '5'],
        ['list_id', '7'],
      ],
    ],
    ['Q02 an escaped semicolon is data', '?a=%3bx', [['a', ';x']]],
    ['Q05 leaves case to the rules', '?LIST_ID=7', [['LIST_ID', '7']]],
    ['Q05 long s', '?li%C5%BFt_id=7', [['li\u017ft_id', '7']]],
    [
      'Q06 decodes names',
      '?list%5Fid=7&%6cist_id=8',
      [
        ['list_id', '7'],
        ['list_id', '8'],
      ],
    ],
    ['Q07 a plus is a space', '?q=a+b', [['q', 'a b']]],
    ['Q07 an escaped plus is a plus', '?q=a%2Bb', [['q', 'a+b']]],
    ['Q07', '?q=a%20b', [['q', 'a b']]],
    [
      'Q08 brackets are part of the name',
      '?list_id[]=7&list_id%5B0%5D=8',
      [
        ['list_id[]', '7'],
        ['list_id[0]', '8'],
      ],
    ],
    ['Q09 a bare name is empty', '?list_id', [['list_id', '']]],
    ['Q09', '?list_id=', [['list_id', '']]],
    ['Q10 a second question mark is data', '?a=1?list_id=7', [['a', '1?list_id=7']]],
    ['Q10 escaped separators are data', '?a=1%26list_id=7', [['a', '1&list_id=7']]],
    ['Q10', '?a=1%3D2', [['a', '1=2']]],
    ['a second equals sign is data', '?a=b=c', [['a', 'b=c']]],
    ['an escaped hash is data', '?a=%23x', [['a', '#x']]],
    ['an escaped backslash and slash are data', '?a=%5C..%2F', [['a', '\\../']]],
    ['an escaped percent sign is data', '?a=%2541', [['a', '%41']]],
    ['a byte order mark is data', '?a=%EF%BB%BF5', [['a', '\ufeff5']]],
    ['an empty query', '?', []],
    ['raw characters that clients forget to escape', '?a="<>^`{|}\'', [['a', '"<>^`{|}\'']]],
  ])('%s: %s', (_id, query, pairs) => {
    expect(accepted(`/x${query}`)).toEqual({ path: '/x', segments: ['x'], query: pairs })
  })

  it.each([
    ['Q02', '?list_id=5;x=1'],
    ['Q02', '?id=5;'],
    ['Q02', '?a=1;list_id=7'],
    ['Q03', `?list_id=5${'&'.repeat(8000)}`],
    ['Q03', `?${Array.from({ length: 101 }, (_, i) => `a${i}=1`).join('&')}`],
    ['Q04', '?list_id=%zz'],
    ['Q04', '?list_id=5%'],
    ['Q04', '?x=%ff'],
    ['Q04', '?%ff=x'],
    ['Q04', '?x=%c0%af'],
    ['Q04', '?x=%ed%a0%80'],
    ['Q09', '?=7'],
    ['Q09', '?&&'],
    ['Q09', '?list_id=5&'],
    ['Q09', '?&list_id=5'],
    ['Q09', '?%00=5'],
    ['Q11', '?list_id=5%00'],
    ['Q11', '?list_id=5%0a'],
    ['Q11', '?list_id=%0d%0aX'],
    ['Q11', '?list_id=%7f'],
    ['Q11', '?list%09id=5'],
  ])('%s refuses %.60s', (_id, query) => {
    expect(codeOf(`/x${query}`)).toBe('query-invalid')
  })

  it('Q03: takes 100 pairs', () => {
    const query = Array.from({ length: 100 }, (_, i) => `a${i}=1`).join('&')

    expect(accepted(`/x?${query}`).query).toHaveLength(100)
  })

  it('writes every escape in upper case, a space as %20, and a bare name with its equals sign', () => {
    const { path, query } = accepted('/x?a+b=%c3%a9!*&c&d=~%7e')

    expect(writeTarget(path, query)).toBe('/x?a%20b=%C3%A9%21%2A&c=&d=~~')
  })
})

describe('parseTarget, properties', () => {
  const alphabet = 'abzAZ09._~-!$&\'()*+,;=:@/\\%?#"<>^`{|}[] \t\u00e9'.split('')
  const escapes = [
    '%2e',
    '%2F',
    '%5C',
    '%25',
    '%00',
    '%73',
    '%c3%a9',
    '%E2%84%AA',
    '%ff',
    '%2',
    '%3b',
    '%20',
    '%2B',
    '..',
    '//',
    '%F0%9F%98%80',
  ]
  const piece = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...alphabet) },
    { weight: 2, arbitrary: fc.constantFrom(...escapes) },
    { weight: 6, arbitrary: fc.stringMatching(/^[a-z0-9_]{1,6}$/) },
    { weight: 2, arbitrary: fc.constantFrom('/', '?', '&', '=') },
  )
  const anyTarget = fc.array(piece, { maxLength: 20 }).map((pieces) => `/${pieces.join('')}`)
  const wellFormed = fc.webUrl({ withQueryParameters: true }).map((url) => url.slice(url.indexOf('/', 8)))
  const target = fc.oneof(anyTarget, wellFormed)
  const read = (raw: string) => {
    const reading = parseTarget(raw, host)
    fc.pre(reading.kind === 'target')
    return reading.kind === 'target' ? reading.target : accepted('/')
  }

  it('reads what it writes as the same target, and writes it in the same bytes', () => {
    fc.assert(
      fc.property(target, (raw) => {
        const first = read(raw)
        const written = writeTarget(first.path, first.query)
        const second = accepted(written)

        expect(second).toEqual(first)
        expect(writeTarget(second.path, second.query)).toBe(written)
      }),
      { numRuns: 3000 },
    )
  })

  it('agrees with WHATWG URL on every path that it takes, and on every query with URLSearchParams', () => {
    fc.assert(
      fc.property(target, (raw) => {
        const { path, segments, query } = read(raw)
        const url = new URL(raw, 'http://gw.test')

        expect(url.host).toBe('gw.test')
        expect(url.hash).toBe('')
        expect(url.pathname.slice(1).split('/').map(decodeURIComponent)).toEqual(segments)
        expect([...url.searchParams]).toEqual(query)
        // And on what goes out: nothing is left that WHATWG would rewrite, apart from how it spells the same text.
        const sent = new URL(writeTarget(path, query), 'http://gw.test')
        expect(sent.pathname).toBe(path)
        expect([...sent.searchParams]).toEqual(query)
      }),
      { numRuns: 3000 },
    )
  })

  it('writes nothing but characters that no parser takes for something else', () => {
    fc.assert(
      fc.property(target, (raw) => {
        const { path, query } = read(raw)

        expect(writeTarget(path, query)).toMatch(
          /^(?:\/(?:[A-Za-z0-9._~$&+,:=@-]|%[0-9A-F]{2})*)+(?:\?(?:[A-Za-z0-9._~&=-]|%[0-9A-F]{2})+)?$/,
        )
      }),
      { numRuns: 2000 },
    )
  })

  it('takes enough of what is generated for these properties to mean something', () => {
    const taken = fc
      .sample(target, { numRuns: 2000, seed: 1 })
      .filter((raw) => parseTarget(raw, host).kind === 'target')

    expect(taken.length).toBeGreaterThan(500)
    expect(taken.filter((raw) => raw.includes('%')).length).toBeGreaterThan(50)
  })
})
