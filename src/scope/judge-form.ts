/** A body of `application/x-www-form-urlencoded` against what the rule declares of it. Pure. */
import { isUtf8 } from 'node:buffer'
import type { FieldProblem } from '../model/failure.ts'
import { parseListId } from '../model/ids.ts'
import { foldKey, showKey } from '../model/json.ts'
import { parsePairs } from '../model/pairs.ts'
import type { FormType } from '../policy/body-shape.ts'

export type JudgedForm =
  /** Without fields that are empty, `text` aside: they name nothing. */
  | { readonly kind: 'ok'; readonly value: Readonly<Record<string, string>> }
  /** → `body-unreadable` */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** → `body-invalid` */
  | { readonly kind: 'invalid'; readonly fields: readonly FieldProblem[] }

export function judgeForm(fields: ReadonlyMap<string, FormType>, bytes: Buffer): JudgedForm {
  if (!isUtf8(bytes)) return unreadable('the body is not UTF-8')
  const read = parsePairs(bytes.toString('utf8'), { lines: true })
  if (read.kind === 'refused') return unreadable(`the form holds ${read.why}`)

  const seen = new Set<string>()
  const value = Object.create(null) as { [name: string]: string }
  const problems: FieldProblem[] = []
  for (const [name, text] of read.pairs) {
    const type = fields.get(name)
    if (type === undefined) return unreadable(whyUnknown(fields, name))
    // Some readers take the first, some the last.
    if (seen.has(name)) return unreadable(`the field ${showKey(name)} stands twice`)
    seen.add(name)
    if (text === '' && type !== 'text') continue
    if (!isOfType[type](text)) problems.push({ path: name, problem: `${expected[type]} is expected` })
    value[name] = text
  }
  return problems.length > 0 ? { kind: 'invalid', fields: problems } : { kind: 'ok', value }
}

const unreadable = (why: string): JudgedForm => ({ kind: 'unreadable', why })

/** Binders that fill structs match the names of a form whatever their case. */
function whyUnknown(fields: ReadonlyMap<string, FormType>, name: string): string {
  const folded = foldKey(name)
  const twin = [...fields.keys()].find((known) => foldKey(known) === folded)
  return twin === undefined
    ? `the field ${showKey(name)} is unknown`
    : `the field ${showKey(name)} is spelt ${showKey(twin)}`
}

const isOfType: Readonly<Record<FormType, (text: string) => boolean>> = {
  text: () => true,
  bool: (text) => text === 'true' || text === 'false',
  number: (text) => /^(?:0|-?[1-9][0-9]{0,14})$/.test(text),
  id: (text) => parseListId(text) !== undefined,
}

const expected: Readonly<Record<FormType, string>> = {
  text: 'a text',
  bool: 'true or false',
  number: 'a whole number in plain decimal',
  id: 'an id in plain decimal (1 to 2147483647)',
}
