/** Results of cases as JUnit XML, which CI servers read. Pure. */
import type { CaseResult } from '../run-cases.ts'

/** One suite a file, one test case a case. */
export function junitXml(results: readonly CaseResult[]): string {
  const suites = [...Map.groupBy(results, ({ file }) => file)].map(([file, cases]) =>
    element('testsuite', { name: file, ...countsOf(cases) }, cases.map(caseElement)),
  )
  const all = element('testsuites', { name: 'sallyport test', ...countsOf(results) }, suites)
  return `<?xml version="1.0" encoding="UTF-8"?>\n${all}\n`
}

const hasFailed = ({ differences }: CaseResult): boolean => differences.length > 0

const countsOf = (results: readonly CaseResult[]) => ({
  tests: String(results.length),
  failures: String(results.filter(hasFailed).length),
  errors: '0',
})

function caseElement(result: CaseResult): string {
  const { file, line, name, differences } = result
  const texts = differences.map(
    ({ what, expected, found }) => `${what}: expected ${jsonText(expected)}, found ${jsonText(found)}`,
  )
  const failure = element('failure', { message: texts.join('; '), type: 'differs' }, [escaped(texts.join('\n'))])
  const attributes = { name, classname: file, file, line: String(line) }
  return element('testcase', attributes, hasFailed(result) ? [failure] : [])
}

/** A value as reports show it. */
export const jsonText = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))

function element(name: string, attributes: Readonly<Record<string, string>>, content: readonly string[]): string {
  const head = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escaped(value)}"`)].join(' ')
  return content.length === 0 ? `<${head}/>` : `<${head}>${content.join('\n')}</${name}>`
}

/**
 * Text for content and attributes. White space is written as references, which no parser normalises (XML 1.0 §3.3.3);
 * what is no character of XML 1.0 (§2.2), also when referred to, becomes U+FFFD.
 */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex -- controls are what must not stand in XML
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll(/[&<>"'\t\n\r\u007f-\u009f\u2028\u2029]/g, (character) => `&#${character.charCodeAt(0)};`)
