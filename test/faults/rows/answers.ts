/** Answers that are none, or none that may be taken for one. */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { answers, http, type Script } from '../../helpers/upstream.ts'
import { fault, row } from '../case.ts'

const ok = (lines: string, body = 'abc'): string => `HTTP/1.1 200 OK\r\n${lines}\r\n${body}`
const statusLine = (line: string): string => `${line}\r\nContent-Length: 0\r\n\r\n`
const mebibyte = 1024 * 1024

/** 1 KiB without a pattern, the same in each run. */
const noise = Buffer.concat(
  Array.from({ length: 32 }, (_, at) => createHash('sha256').update(String(at)).digest()),
).toString('latin1')

const refused = (name: string, bytes: string, counts: readonly number[] = [1, 64]) =>
  fault('refused', name, { script: answers(bytes), counts })

/** Writes on until the connection is gone. */
const endless =
  (head: string, piece: string): Script =>
  (wire) => {
    wire.write(head)
    const more = (): void => {
      while (wire.writable) if (!wire.write(piece)) return void wire.once('drain', more)
    }
    more()
  }

export const answerRows = [
  row(
    'F14',
    refused('a length and chunks', ok('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n')),
    refused('chunks and a length', ok('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '3\r\nabc\r\n0\r\n\r\n')),
    refused('two lengths', ok('Content-Length: 3\r\nContent-Length: 4\r\n')),
    refused('a list of lengths', ok('Content-Length: 3, 3\r\n')),
    refused('a length that is no number', ok('Content-Length: abc\r\n')),
    refused('a length below zero', ok('Content-Length: -3\r\n')),
    refused('a transfer coding of gzip', ok('Transfer-Encoding: gzip\r\n')),
    refused(
      'a transfer coding of gzip behind chunks',
      ok('Transfer-Encoding: chunked, gzip\r\n', '3\r\nabc\r\n0\r\n\r\n'),
    ),
    refused(
      'a transfer coding of gzip before chunks',
      ok('Transfer-Encoding: gzip, chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'),
    ),
    refused('a transfer coding nobody knows', ok('Transfer-Encoding: xchunked\r\n')),
    refused(
      'two transfer codings',
      ok('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '3\r\nabc\r\n0\r\n\r\n'),
    ),
  ),
  row(
    'F16',
    ...['000', '099', '600', '888', '999', '2000', '2 0', 'abc'].map((status) =>
      refused(`status ${status}`, statusLine(`HTTP/1.1 ${status} No`)),
    ),
    refused('HTTP/9.9', statusLine('HTTP/9.9 200 OK')),
    refused('ICY', statusLine('ICY 200 OK')),
    fault('answered', 'no reason', { script: answers(statusLine('HTTP/1.1 200')) }),
    fault('answered', 'a reason of high bytes', { script: answers(statusLine('HTTP/1.1 200 \u00c4\u0080\u00ff')) }),
  ),
  row(
    'F20',
    refused('a header of 16 KiB and one byte', ok(`A: ${'x'.repeat(16_385)}\r\nContent-Length: 3\r\n`)),
    refused('10 000 headers', ok(`${'a: b\r\n'.repeat(10_000)}Content-Length: 3\r\n`)),
    refused('10 000 headers without a value', ok(`${'a:\r\n'.repeat(10_000)}Content-Length: 3\r\n`)),
    refused('a name of 8 KiB', ok(`${'n'.repeat(8_192)}: b\r\nContent-Length: 3\r\n`)),
    fault('refused', 'a header without end', {
      counts: [1, 8],
      script: endless('HTTP/1.1 200 OK\r\nA: ', 'x'.repeat(65_536)),
    }),
  ),
  row(
    'F21',
    refused('NUL in a value', ok('A: b\u0000c\r\nContent-Length: 3\r\n')),
    refused('a bare CR in a value', ok('A: b\rc\r\nContent-Length: 3\r\n')),
    refused('a bare LF for a line end', 'HTTP/1.1 200 OK\nContent-Length: 3\n\nabc'),
    refused('a folded value', ok('A: b\r\n c\r\nContent-Length: 3\r\n')),
    refused('a space in a name', ok('A b: c\r\nContent-Length: 3\r\n')),
    refused('a space behind a name', ok('A : c\r\nContent-Length: 3\r\n')),
    refused('no name', ok(': c\r\nContent-Length: 3\r\n')),
    fault('answered', '0xFF in a value', {
      script: answers(ok('X-Odd: \u00ff\r\nContent-Length: 3\r\n')),
      look: ({ headers }) => expect(headers['x-odd']).toBe('\u00ff'),
    }),
  ),
  row(
    'F22',
    ...(
      [
        ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
        ['103', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
      ] as const
    ).map(([name, interim]) =>
      fault('answered', `${name} and then 200`, { script: answers(interim + http(200, 'final')) }),
    ),
    fault('answered', '16 times 103 and then 200', {
      script: answers('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(16) + http(200, 'final')),
    }),
    refused(
      '10 000 times 103 and then 200',
      'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10_000) + http(200, 'final'),
      [1, 8],
    ),
    refused('100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${http(200, 'final')}`),
    refused('10 000 times 100', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(10_000) + http(200, 'final'), [1, 8]),
    refused('101 that nobody asked for', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    fault('closed', '103 and nothing more', { script: (wire) => void wire.end('HTTP/1.1 103 Early Hints\r\n\r\n') }),
  ),
  row(
    'F23',
    refused('1 KiB of noise', noise),
    refused('an alert of TLS', '\u0015\u0003\u0001\u0000\u0002\u0002\u0046'),
    refused('an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n'),
    refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    refused('HTML without a head', '<!doctype html><h1>hello</h1>\n'),
    refused('10 MiB without a line end', 'x'.repeat(10 * mebibyte), [1, 4]),
    fault('endless', 'a reason without end', {
      counts: [1, 4],
      limits: { headersTimeoutMs: 600 },
      script: endless('HTTP/1.1 200 ', 'x'.repeat(65_536)),
    }),
  ),
]
