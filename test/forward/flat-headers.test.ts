import { describe, expect, it } from 'vitest'
import { flatHeaders } from '../../src/forward/flat-headers.ts'

/** Views of one piece of memory, as the parser hands them over: `|` stands between them. */
function views(text: string): Buffer[] {
  const memory = Buffer.from(text, 'latin1')
  let at = 0
  return text.split('|').map((part) => {
    const view = memory.subarray(at, at + part.length)
    at += part.length + 1
    return view
  })
}

describe('flatHeaders', () => {
  it('keeps each byte of each part', () => {
    const every = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((each) => each !== '|')
    const text = `X-A||Content-Type|text/plain|X-Bytes|${every.join('')}`

    expect(flatHeaders(views(text))).toEqual(text.split('|'))
  })

  it('reads a part that came in two pieces, and stands elsewhere in memory', () => {
    const parts = views('Content-Type|text/plain|X-A|1')
    expect(flatHeaders(parts.with(1, Buffer.from('text/html')))).toEqual(['Content-Type', 'text/html', 'X-A', '1'])
    expect(flatHeaders(parts.with(0, Buffer.from('Age')))).toEqual(['Age', 'text/plain', 'X-A', '1'])
  })

  it('reads parts in another order than they stand in memory', () => {
    expect(flatHeaders(views('a|bc|d').toReversed())).toEqual(['d', 'bc', 'a'])
  })

  it('takes texts as they are, alone and among bytes', () => {
    expect(flatHeaders(['X-A', '1'])).toEqual(['X-A', '1'])
    expect(flatHeaders([Buffer.from('X-A'), '1'])).toEqual(['X-A', '1'])
    expect(flatHeaders([])).toEqual([])
  })
})
