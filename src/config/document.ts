/** Reads one YAML file into a tree with lines: strict UTF-8, one document, no anchors, aliases, merge keys or tags. */
import { open } from 'node:fs/promises'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from 'yaml'
import type { Place, Problem } from '../model/problem.ts'
import { quoted } from './suggest.ts'
import type { MapTree, Tree } from './tree.ts'

/** The most bytes a file may have. */
export const maxFileBytes = 4 * 1024 * 1024
/** The deepest nesting of maps and lists. */
const maxDepth = 32
const maxSyntaxErrors = 20

/** What reading came to: `tree` is there unless the text is not YAML at all; an empty file is an empty map. */
export interface Document {
  readonly tree: Tree | undefined
  readonly problems: readonly Problem[]
}

/** A document with the text it was read from, which is empty where it could not be. */
export interface FileDocument extends Document {
  readonly text: string
}

/** Reads the file at `path` (bounded, whole); `file` is its name in messages. */
export async function readDocument(path: string, file: string): Promise<FileDocument> {
  const refused = (message: string, remedy: string): FileDocument => ({
    tree: undefined,
    problems: [{ file, line: 1, key: '', message, remedy }],
    text: '',
  })
  try {
    await using handle = await open(path)
    const stat = await handle.stat()
    if (!stat.isFile()) return refused('is not a regular file', 'give the path of a YAML file')
    if (stat.size > maxFileBytes) return refused(`has ${stat.size} bytes`, `keep it under ${maxFileBytes} bytes`)
    const bytes = await handle.readFile()
    return { ...parseYaml(bytes, file), text: decoded(bytes) ?? '' }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return refused(`cannot be read (${code})`, 'check that the file is there and that this user may read it')
  }
}

/** Parses text or bytes; `file` is its name in messages. Never throws. A byte order mark is skipped. */
export function parseYaml(source: string | Uint8Array, file: string): Document {
  const problems: Problem[] = []
  const text = typeof source === 'string' ? source.replace(/^\uFEFF/, '') : decoded(source)
  const refuse = (line: number, [message, remedy]: Words, key = ''): void => {
    problems.push({ file, line, key, message, remedy })
  }
  if (text === undefined) {
    refuse(1, ['is not UTF-8', 'save it as UTF-8'])
    return { tree: undefined, problems }
  }
  const lineCounter = new LineCounter()
  const lineOf = (offset: number): number => Math.max(1, lineCounter.linePos(offset).line)
  try {
    // Keys are compared below, as text: 3 and "3" are the same list.
    // With the log level `silent` the library would not tell that there is a second document.
    const parsed = parseDocument(text, {
      lineCounter,
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: 'error',
    })
    // The library's own words may quote the file, secrets included. One mistake often gives several errors in its line.
    const mistaken = new Set<number>()
    for (const error of parsed.errors) {
      const line = lineOf(error.pos[0])
      if (mistaken.size < maxSyntaxErrors && !mistaken.has(line)) refuse(line, syntaxWords[error.code] ?? notYaml)
      mistaken.add(line)
    }
    if (parsed.directives?.yaml.explicit === true)
      refuse(1, ['has a `%YAML` directive', 'remove it: files are YAML 1.2'])
    if (problems.length > 0) return { tree: undefined, problems }
    const reader = { file, lineOf, refuse }
    if (parsed.contents === null) return { tree: { kind: 'map', at: { file, line: 1 }, entries: new Map() }, problems }
    return { tree: treeFrom(parsed.contents, reader, 0, { file, line: 1 }), problems }
  } catch (error) {
    // The parser recurses: a file of nothing but brackets ends its stack.
    if (!(error instanceof RangeError)) throw error
    refuse(1, tooDeep)
    return { tree: undefined, problems }
  }
}

type Words = readonly [message: string, remedy: string]

interface Reader {
  readonly file: string
  lineOf(offset: number): number
  refuse(line: number, words: Words, key?: string): void
}

const tooDeep: Words = [`is nested deeper than ${maxDepth} levels`, 'flatten it']
const notYaml: Words = ['is not valid YAML here', 'check indentation, colons, quotes and brackets around this line']

const syntaxWords: Readonly<Record<string, Words>> = {
  BAD_INDENT: [
    'is not indented as YAML wants it, or a bracket is not closed',
    'indent all keys of a map by the same spaces, and close each `[` and `{`',
  ],
  TAB_AS_INDENT: ['is indented with a tab', 'indent with spaces'],
  MISSING_CHAR: [
    'misses a character: a quote, bracket, brace, comma or colon is not closed',
    'close what this line opened',
  ],
  MULTIPLE_DOCS: ['holds several documents', 'remove the `---` between them: one file is one document'],
  BAD_DQ_ESCAPE: ['has an escape that YAML does not know', 'write `\\\\` for a backslash, or use single quotes'],
  BAD_SCALAR_START: ['starts a value with a character that YAML reserves', 'put the value in quotes'],
  BLOCK_AS_IMPLICIT_KEY: ['has a second colon in one line', 'put the value in quotes, or the map on a line of its own'],
  BAD_ALIAS: ['uses an alias (`*name`)', 'write the value out: anchors and aliases are not taken'],
  BAD_DIRECTIVE: ['has a directive that is not known', 'remove the line that starts with `%`'],
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function treeFrom(node: unknown, reader: Reader, depth: number, around: Place): Tree {
  const nothing: Tree = { kind: 'scalar', at: around, value: null, shown: '', source: 'file' }
  if (node === null || node === undefined) return nothing
  const start = (node as Node).range?.[0]
  const at = start === undefined ? around : { file: reader.file, line: reader.lineOf(start) }
  if (depth > maxDepth) {
    reader.refuse(at.line, tooDeep)
    return { ...nothing, at }
  }
  if (isAlias(node)) {
    reader.refuse(at.line, [
      `uses the alias ${quoted(`*${node.source}`)}`,
      'write the value out: anchors and aliases are not taken',
    ])
    return { ...nothing, at }
  }
  const { anchor, tag } = node as { readonly anchor?: string; readonly tag?: string }
  if (anchor !== undefined)
    reader.refuse(at.line, [`has the anchor ${quoted(`&${anchor}`)}`, 'remove it: anchors and aliases are not taken'])
  if (tag !== undefined) reader.refuse(at.line, [`has the tag ${quoted(tag)}`, 'remove it: tags are not taken'])
  if (isMap(node)) return mapFrom(node.items, reader, depth, at)
  if (isSeq(node)) return { kind: 'list', at, items: node.items.map((item) => treeFrom(item, reader, depth + 1, at)) }
  if (!isScalar(node)) return { ...nothing, at }
  const { value } = node
  if (value === null) return { ...nothing, at }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return { ...nothing, at }
  return { kind: 'scalar', at, value, shown: node.source ?? String(value), source: 'file' }
}

function mapFrom(pairs: readonly Pair[], reader: Reader, depth: number, at: Place): MapTree {
  const entries = new Map<string, { readonly at: Place; readonly value: Tree }>()
  for (const pair of pairs) {
    const { key } = pair
    const range = isScalar(key) ? key.range : undefined
    const keyAt = range === undefined || range === null ? at : { file: reader.file, line: reader.lineOf(range[0]) }
    if (!isScalar(key) || key.value === null || key.anchor !== undefined || key.tag !== undefined) {
      reader.refuse(keyAt.line, [
        'has a key that is not a plain word',
        'write keys as plain words, without anchors, tags or brackets',
      ])
      continue
    }
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '')
    const first = entries.get(name)
    if (name === '<<')
      reader.refuse(keyAt.line, ['has a merge key `<<`', 'write the keys out: merge keys are not taken'])
    else if (first !== undefined) {
      reader.refuse(
        keyAt.line,
        [`the key ${quoted(name)} stands here again`, `keep one of them, the first is in line ${first.at.line}`],
        name,
      )
    } else entries.set(name, { at: keyAt, value: treeFrom(pair.value, reader, depth + 1, keyAt) })
  }
  return { kind: 'map', at, entries }
}
