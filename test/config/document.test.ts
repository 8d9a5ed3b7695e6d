import { describe, expect, it } from 'vitest'
import { maxFileBytes, parseYaml, readDocument } from '../../src/config/document.ts'
import { placeAt, plainFrom } from '../../src/config/tree.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { folderWith } from '../helpers/folder.ts'
import { join } from 'node:path'

const told = (source: string | Uint8Array) => parseYaml(source, 'f.yaml').problems.map(formatProblem)

describe('parseYaml', () => {
  it('keeps the line of every key and value, and keys as they are written', () => {
    const { tree, problems } = parseYaml('a: 1\nb:\n  - x\n  - 010: {c: true}\n3: ~\n', 'f.yaml')

    expect(problems).toEqual([])
    if (tree === undefined) throw new Error('no tree')
    expect(plainFrom(tree)).toEqual({ a: 1, b: ['x', { '010': { c: true } }], 3: null })
    expect(
      [['a'], ['b', 1], ['b', 1, '010', 'c'], ['3'], ['gone', 'x']].map((path) => placeAt(tree, path).line),
    ).toEqual([1, 4, 4, 5, 1])
  })

  it('takes a byte order mark and an empty file', () => {
    expect(parseYaml(Buffer.from('\uFEFFa: 1'), 'f.yaml').tree).toEqual(parseYaml('a: 1', 'f.yaml').tree)
    expect(parseYaml('# nothing\n', 'f.yaml')).toEqual({
      tree: { kind: 'map', at: { file: 'f.yaml', line: 1 }, entries: new Map() },
      problems: [],
    })
  })

  it('makes no prototype of a key', () => {
    const { tree } = parseYaml('__proto__: { admin: true }\n', 'f.yaml')

    expect(tree?.kind === 'map' && [...tree.entries.keys()]).toEqual(['__proto__'])
    expect(Object.keys(tree === undefined ? {} : (plainFrom(tree) as object))).toEqual(['__proto__'])
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it.each([
    [
      'an alias and its anchor',
      'a: &x 1\nb: *x\n',
      [
        'f.yaml:1: has the anchor `&x` - remove it: anchors and aliases are not taken',
        'f.yaml:2: uses the alias `*x` - write the value out: anchors and aliases are not taken',
      ],
    ],
    [
      'a merge key',
      'a: 1\n<<: { b: 2 }\n',
      ['f.yaml:2: has a merge key `<<` - write the keys out: merge keys are not taken'],
    ],
    [
      'a tag',
      'a: !!binary aGk=\n',
      ['f.yaml:1: has the tag `tag:yaml.org,2002:binary` - remove it: tags are not taken'],
    ],
    [
      'a key that stands twice',
      'a:\n  b: 1\n  b: 2\n',
      ['f.yaml:3: b: the key `b` stands here again - keep one of them, the first is in line 2'],
    ],
    [
      'the same number as text and as number',
      '3: a\n"3": b\n',
      ['f.yaml:2: 3: the key `3` stands here again - keep one of them, the first is in line 1'],
    ],
    [
      'two documents',
      'a: 1\n---\nb: 2\n',
      ['f.yaml:2: holds several documents - remove the `---` between them: one file is one document'],
    ],
    [
      'a directive that changes the words',
      '%YAML 1.1\n---\na: yes\n',
      ['f.yaml:1: has a `%YAML` directive - remove it: files are YAML 1.2'],
    ],
    [
      'a map as a key',
      '? { a: 1 }\n: b\n',
      ['f.yaml:1: has a key that is not a plain word - write keys as plain words, without anchors, tags or brackets'],
    ],
    [
      'a quote that is not closed',
      'a: 1\nb: "x\n',
      [
        'f.yaml:3: misses a character: a quote, bracket, brace, comma or colon is not closed - close what this line opened',
      ],
    ],
    ['a tab', 'a:\n\tb: 1\n', ['f.yaml:2: is indented with a tab - indent with spaces']],
    [
      'two colons',
      'a: b: c\n',
      ['f.yaml:1: has a second colon in one line - put the value in quotes, or the map on a line of its own'],
    ],
    ['bytes that are not UTF-8', Uint8Array.of(0x61, 0x3a, 0x20, 0xff), ['f.yaml:1: is not UTF-8 - save it as UTF-8']],
    ['UTF-16', Buffer.from('\uFEFFa: 1', 'utf16le'), ['f.yaml:1: is not UTF-8 - save it as UTF-8']],
    ['33 levels', `${'['.repeat(34)}${']'.repeat(34)}`, ['f.yaml:1: is nested deeper than 32 levels - flatten it']],
  ])('refuses %s in words', (_what, source, expected) => {
    expect(told(source)).toEqual(expected)
  })

  it('survives a file of nothing but brackets', () => {
    expect(told('['.repeat(200_000)).length).toBeGreaterThan(0)
    expect(told('- '.repeat(50_000)).length).toBeGreaterThan(0)
    expect(told('{a: '.repeat(50_000)).length).toBeGreaterThan(0)
  })

  it('reports at most twenty lines that are not YAML', () => {
    expect(told('a: b: c\n'.repeat(100))).toHaveLength(20)
  })
})

describe('readDocument', () => {
  it('refuses what is not a file, and what is too big, before reading it', async () => {
    const folder = await folderWith({
      'big.yaml': Buffer.alloc(maxFileBytes + 1, '#'),
      'most.yaml': Buffer.alloc(maxFileBytes, '#'),
    })

    expect((await readDocument(folder, 'f')).problems.map(formatProblem)).toEqual([
      'f:1: is not a regular file - give the path of a YAML file',
    ])
    expect((await readDocument(join(folder, 'big.yaml'), 'f')).problems.map(formatProblem)).toEqual([
      `f:1: has ${maxFileBytes + 1} bytes - keep it under ${maxFileBytes} bytes`,
    ])
    expect((await readDocument(join(folder, 'most.yaml'), 'f')).problems).toEqual([])
  })
})
