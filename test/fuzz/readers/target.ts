/** Targets and queries: what is accepted is canonical, and reads the same to WHATWG's parser, as it came and as it is sent. */
import { parsePairs, writePairs } from '../../../src/model/pairs.ts'
import { type Target, writeTarget } from '../../../src/model/target.ts'
import { parseHost } from '../../../src/screen/host.ts'
import { parseTarget } from '../../../src/screen/target.ts'
import type { Target as Fuzzed } from '../fuzzer.ts'
import { holdsControl, must, orNothing, same } from './assert.ts'

const host = 'gateway.test'

export const targetReader: Fuzzed = {
  name: 'target',
  seeds: [
    '/api/lists/5?list_id=7&query=a+b',
    '/api/%73ettings?x=%C3%A9',
    'http://gateway.test/api/lists',
    "/a/b@c:d/$!'()*,=?e",
    '/a%20b/~_-.?a=&b',
    '/',
    '*',
  ],
  words: [
    ...['..', '.', '%2e', '%2E%2e', '%2F', '%5c', '\\', '//', ';', '%3b', '#', '?', '&', '=', '+', '%', '%25', '%00'],
    ...['%0d%0a', '%ff', '%c0%ae', '%ed%a0%80', '%C3%A9', '%zz', '\xe9', '%u0041', 'http://', 'gateway.test', '@'],
    ...[':80', '%09', '%7f', '%c2%85', '[', ']', '%3F', '%23', '%E2%84%AA', '%EF%BC%8F', '*', '\t', ' '],
  ],
  run(input) {
    const raw = input.toString('latin1')
    const read = parseTarget(raw, host)
    if (read.kind === 'refused') return must(read.why.length > 0, 'a refusal says nothing')
    const { target } = read
    const sent = writeTarget(target.path, target.query)
    const again = parseTarget(sent, host)
    same(again, { kind: 'target', target }, 'what is sent is read as something else')
    must(/^\/[!-~]*$/.test(sent) && !/[#\\]/.test(sent), 'what is sent has a character that must be escaped')
    for (const segment of target.segments) {
      must(!holdsControl(segment) && !/[/\\%;?#]/.test(segment) && !/^\.\.?$/.test(segment), 'a segment holds syntax')
    }
    readsAlike(target, new URL(sent, `http://${host}`), 'WHATWG reads otherwise what is sent')
    const came = orNothing(() => new URL(raw.startsWith('/') ? `http://${host}${raw}` : raw))
    must(came !== undefined, 'WHATWG cannot read what came')
    if (came !== undefined) readsAlike(target, came, 'WHATWG reads otherwise what came')
    return undefined
  },
}

function readsAlike({ segments, query }: Target, url: URL, what: string): void {
  same([url.host, url.hash, url.username, url.password], [host, '', '', ''], `${what}: host`)
  same(url.pathname.slice(1).split('/').map(decodeURIComponent), segments, `${what}: path`)
  same([...url.searchParams], query, `${what}: query`)
}

export const pairsReader: Fuzzed = {
  name: 'pairs',
  seeds: ['a=b&c=d', 'list_id=5&list_id=7', 'q=a+b%2Bc&', '=x', 'a', 'a=b=c', 'a=%0d%0a', `a&`.repeat(101)],
  words: ['&', '=', '+', ';', '%', '%2B', '%26', '%3D', '%00', '%0a', '%ff', '%C3%A9', '%ed%a0%80', '\n', '\xc3\xa9'],
  run(input) {
    const raw = input.toString('utf8')
    for (const lines of [false, true]) {
      const read = parsePairs(raw, { lines })
      if (read.kind === 'refused') {
        must(read.why.length > 0, 'a refusal says nothing')
        continue
      }
      must(read.pairs.length <= 100, 'more pairs than are taken')
      // It drops one question mark at the beginning.
      same([...new URLSearchParams(`?${raw}`)], read.pairs.length === 0 ? [] : read.pairs, 'WHATWG reads other pairs')
      same(parsePairs(writePairs(read.pairs), { lines }), read, 'what is written is read as something else')
      for (const [name, value] of read.pairs) {
        must(name !== '' && !holdsControl(name), 'a name is empty or holds a control character')
        must(!holdsControl(value, lines ? '\t\r\n' : ''), 'a value holds a control character')
      }
    }
  },
}

export const hostReader: Fuzzed = {
  name: 'host',
  maxBytes: 300,
  seeds: ['gw.test', 'GW.test:8080', '[::1]:80', 'a_b', '127.0.0.1', 'gw.test.', 'a:0', 'u@h', 'a,b'],
  words: ['.', ':', '[', ']', '@', ',', '/', '\\', '%', ' ', '\t', '\0', ':65536', '::1', '%00', 'xn--'],
  run(input) {
    const value = input.toString('latin1')
    const name = parseHost(value)
    if (name === undefined) return
    must(/^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])$/.test(name), 'a host name of other characters')
    must(!/^\.|\.\.|\.$/.test(name), 'a host name with an empty label')
    must(value.toLowerCase().startsWith(name), 'a host name that was not given')
    same(parseHost(name), name, 'a host name is read as another')
  },
}
