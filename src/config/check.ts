/** Checks a tree against a schema: every mistake gets one problem with its line, and what passes is typed. */
import type { Static, TSchema } from 'typebox'
import { checkScalar } from './check-scalar.ts'
import type { Report } from './report.ts'
import { kindsOf, shapeOf, titleOf, type Shape } from './shape.ts'
import { nearest, quoted, remedyFor } from './suggest.ts'
import { plainFrom, type MapTree, type Path, type Tree } from './tree.ts'

/** What `tree` holds when it is as `schema` says, else `undefined` with the mistakes in `report`. */
export function check<T extends TSchema>(
  tree: Tree,
  schema: T,
  report: Report,
  path: Path = [],
): Static<T> | undefined {
  return walk(tree, shapeOf(schema), path, report) as Static<T> | undefined
}

/** Like `check` for a map: each key that is right is there, those that are wrong or missing are not. */
export function checkSections<T extends TSchema>(
  tree: Tree,
  schema: T,
  report: Report,
  path: Path = [],
): Partial<Static<T>> {
  if (tree.kind !== 'map') {
    walk(tree, shapeOf(schema), path, report)
    return {}
  }
  return walkObject(tree, shapeOf(schema), path, report).found as Partial<Static<T>>
}

function walk(tree: Tree, shape: Shape, path: Path, report: Report): unknown {
  if (shape.anyOf !== undefined) return walkUnion(tree, shape, shape.anyOf, path, report)
  const [kind] = kindsOf(shape)
  const isAnything = shape.type === undefined && shape.enum === undefined && shape.const === undefined
  if (isAnything) return plainFrom(tree)
  if (kind === 'scalar') return checkScalar(tree, shape, path, report)
  if (kind === 'list') return walkList(tree, shape, path, report)
  if (tree.kind !== 'map') return refuseKind(tree, shape, path, report)
  if (shape.patternProperties !== undefined) return walkRecord(tree, shape, path, report)
  const { found, isWhole } = walkObject(tree, shape, path, report)
  return isWhole ? found : undefined
}

function refuseKind(tree: Tree, shape: Shape, path: Path, report: Report): undefined {
  if (tree.kind === 'scalar' && tree.value === null) {
    report.add(path, 'is empty', `give ${titleOf(shape)}, or remove the key`)
  } else {
    report.add(path, `takes ${titleOf(shape)}, found ${describe(tree, shape)}`, `write ${titleOf(shape)}`)
  }
  return undefined
}

function describe(tree: Tree, shape: Shape): string {
  if (tree.kind !== 'scalar') return `a ${tree.kind}`
  return shape.secret === true || tree.source === 'variable' ? 'a text' : quoted(tree.shown)
}

function walkObject(tree: MapTree, shape: Shape, path: Path, report: Report) {
  const properties = shape.properties ?? {}
  const found: Record<string, unknown> = {}
  const meant = new Set<string | undefined>()
  let isWhole = true
  for (const [key, { value }] of tree.entries) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (inner === undefined) {
      report.add([...path, key], `the key ${quoted(key)} is not known here`, remedyFor(key, Object.keys(properties)))
      meant.add(nearest(key, Object.keys(properties)))
      isWhole = false
      continue
    }
    const result = walk(value, inner, [...path, key], report)
    if (result === undefined) isWhole = false
    else found[key] = result
  }
  for (const key of shape.required ?? []) {
    if (tree.entries.has(key)) continue
    isWhole = false
    // A misspelled key is one mistake, not a second one that is missing.
    if (meant.has(key)) continue
    const example = properties[key]?.examples?.[0]
    const remedy =
      example === undefined
        ? `add it: ${titleOf(properties[key] ?? {})}`
        : `add it, for example ${quoted(`${key}: ${String(example)}`)}`
    report.add(path, `${quoted(key)} is missing`, remedy)
  }
  return { found, isWhole }
}

/** Entries that are wrong are left out, so that the others can still be judged together. */
function walkRecord(tree: MapTree, shape: Shape, path: Path, report: Report): Readonly<Record<string, unknown>> {
  const [pattern = '', inner = {}] = Object.entries(shape.patternProperties ?? {})[0] ?? []
  const regex = new RegExp(pattern, 'u')
  const found: [string, unknown][] = []
  for (const [key, { value }] of tree.entries) {
    if (!regex.test(key)) {
      report.add(
        [...path, key],
        `${quoted(key)} is not ${shape.title ?? 'a name'}`,
        'write it as policies/README.md shows',
      )
      continue
    }
    const result = walk(value, inner, [...path, key], report)
    if (result !== undefined) found.push([key, result])
  }
  return Object.fromEntries(found)
}

function walkList(tree: Tree, shape: Shape, path: Path, report: Report): readonly unknown[] | undefined {
  const isText = tree.kind === 'scalar' && tree.source !== 'file' && typeof tree.value === 'string'
  const items = itemsOf(tree)
  if (items === undefined) return refuseKind(tree, shape, path, report)
  const least = shape.minItems ?? 0
  if (items.length < least) {
    report.add(
      path,
      `holds ${items.length} of at least ${least}`,
      `name ${titleOf(shape.items ?? {})}, or remove the key`,
    )
    return undefined
  }
  const found = items.map((item, index) => walk(item, shape.items ?? {}, isText ? path : [...path, index], report))
  if (shape.uniqueItems === true) {
    const twice = found.findIndex((item, index) => item !== undefined && found.indexOf(item) !== index)
    if (twice >= 0) {
      report.add([...path, twice], `${quoted(String(found[twice]))} stands here twice`, 'keep one of them')
      return undefined
    }
  }
  return found.every((item) => item !== undefined) ? found : undefined
}

/** The environment, flags and variables have no lists: a comma parts the items. */
function itemsOf(tree: Tree): readonly Tree[] | undefined {
  if (tree.kind === 'list') return tree.items
  if (tree.kind !== 'scalar' || tree.source === 'file' || typeof tree.value !== 'string') return undefined
  return tree.value
    .split(',')
    .map((item) => ({ ...tree, value: item.trim(), shown: tree.source === 'variable' ? tree.shown : item.trim() }))
}

/** One error for a union: the variant is chosen by the kind of YAML, and among maps by the first key each demands. */
function walkUnion(tree: Tree, shape: Shape, variants: readonly Shape[], path: Path, report: Report): unknown {
  const fitting = variants.filter((variant) => kindsOf(variant).includes(tree.kind))
  const [only] = fitting
  if (only === undefined) return refuseKind(tree, shape, path, report)
  // What must not be shown for the union must not be shown for its variants.
  if (fitting.length === 1) return walk(tree, shape.secret === true ? { ...only, secret: true } : only, path, report)
  if (tree.kind === 'map') {
    const telling = fitting.flatMap((variant) => variant.required?.[0] ?? [])
    const chosen = fitting.find((variant) => tree.entries.has(variant.required?.[0] ?? ''))
    if (chosen !== undefined) return walk(tree, chosen, path, report)
    report.add(path, `names none of ${telling.map(quoted).join(', ')}`, 'add the one that is meant')
    return undefined
  }
  for (const variant of fitting) {
    const attempt: Report = { problems: [], add: () => attempt.problems.push(dummy), from: () => attempt }
    const result = walk(tree, variant, path, attempt)
    if (result !== undefined) return result
  }
  if (tree.kind === 'scalar') return checkScalar(tree, merged(shape, fitting), path, report)
  return walk(tree, only, path, report)
}

const dummy = { file: '', line: 1, key: '', message: '', remedy: '' }

/** A shape that refuses every scalar in the words of all variants. */
function merged(shape: Shape, variants: readonly Shape[]): Shape {
  const words = variants.flatMap((variant) => variant.enum ?? [])
  const onlyWords = variants.every((variant) => variant.enum !== undefined)
  const examples = variants.flatMap((variant) => variant.examples ?? variant.enum ?? [])
  const base = { examples, secret: shape.secret === true }
  return onlyWords
    ? { ...base, enum: words }
    : { ...base, type: 'string', title: shape.title ?? titleOf(shape), format: 'never' }
}
