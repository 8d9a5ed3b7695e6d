import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { junitXml } from '../../src/cli/junit.ts'
import type { CaseResult } from '../../src/run-cases.ts'

const held: CaseResult = { file: 'cases/a.yaml', line: 3, name: 'a reader reads', differences: [] }

describe('junitXml', () => {
  it('writes a suite a file and says what differs', () => {
    const differs: CaseResult = {
      ...held,
      line: 9,
      name: 'nobody writes',
      differences: [
        { what: 'effect', expected: 'deny', found: 'allow' },
        { what: 'lists', expected: [7], found: undefined },
      ],
    }

    expect(junitXml([held, differs, { ...held, file: 'cases/b.yaml' }])).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sallyport test" tests="3" failures="1" errors="0"><testsuite name="cases/a.yaml" tests="2" failures="1" errors="0"><testcase name="a reader reads" classname="cases/a.yaml" file="cases/a.yaml" line="3"/>
<testcase name="nobody writes" classname="cases/a.yaml" file="cases/a.yaml" line="9"><failure message="effect: expected &#34;deny&#34;, found &#34;allow&#34;; lists: expected [7], found nothing" type="differs">effect: expected &#34;deny&#34;, found &#34;allow&#34;&#10;lists: expected [7], found nothing</failure></testcase></testsuite>
<testsuite name="cases/b.yaml" tests="1" failures="0" errors="0"><testcase name="a reader reads" classname="cases/b.yaml" file="cases/b.yaml" line="3"/></testsuite></testsuites>
`,
    )
  })

  it.each([
    ['markup', `<a href="x">&amp;</a>'`, '&#60;a href=&#34;x&#34;&#62;&#38;amp;&#60;/a&#62;&#39;'],
    ['the end of a character section', ']]>', ']]&#62;'],
    ['white space, which attributes lose', 'a\tb\nc\rd', 'a&#9;b&#10;c&#13;d'],
    ['control characters, which XML 1.0 does not have', 'a\u0000b\u001b[31mc\ufffe', 'a\ufffdb\ufffd[31mc\ufffd'],
    ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['other planes', 'a😀b', 'a😀b'],
    ['line ends of other kinds', 'a\u0085b\u2028c', 'a&#133;b&#8232;c'],
  ])('escapes %s in names', (_what, name, escaped) => {
    expect(junitXml([{ ...held, name }])).toContain(`<testcase name="${escaped}" classname=`)
  })

  it('never lets a name out of its attribute, nor a character in that XML 1.0 does not have', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, expected) => {
        const xml = junitXml([{ ...held, name, differences: [{ what: 'reason', expected, found: name }] }])

        expect(xml).not.toMatch(/[^\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u)
        expect(xml.replaceAll(/"[^"<]*"/g, '""').match(/<[^<>]*>/g)).toEqual([
          '<?xml version="" encoding=""?>',
          '<testsuites name="" tests="" failures="" errors="">',
          '<testsuite name="" tests="" failures="" errors="">',
          '<testcase name="" classname="" file="" line="">',
          '<failure message="" type="">',
          '</failure>',
          '</testcase>',
          '</testsuite>',
          '</testsuites>',
        ])
      }),
    )
  })
})
