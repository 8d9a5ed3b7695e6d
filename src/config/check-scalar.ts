/** Checks one scalar of a tree against a shape. */
import { formats } from './formats.ts'
import type { Report } from './report.ts'
import { titleOf, type Shape } from './shape.ts'
import { either, quoted, remedyFor } from './suggest.ts'
import type { Path, ScalarTree, Tree } from './tree.ts'

/** The scalar's value, or `undefined` with one problem in `report`. */
export function checkScalar(
  tree: Tree,
  shape: Shape,
  path: Path,
  report: Report,
): string | number | boolean | undefined {
  if (tree.kind !== 'scalar') {
    report.add(path, `takes ${titleOf(shape)}, found a ${tree.kind}`, `write ${titleOf(shape)}`)
    return undefined
  }
  if (tree.value === null) {
    report.add(path, 'is empty', `give ${titleOf(shape)}, or remove the key`)
    return undefined
  }
  if (shape.referenced === true && !isReferenced(tree)) {
    report.add(
      path,
      'is a secret that is written out in the file',
      'use `token_file: path`, `token_env: NAME` or `token: ${NAME}`',
    )
    return undefined
  }
  const value = coerced(tree, shape)
  if (isRight(value, shape)) return value
  refuse(tree, shape, path, report)
  return undefined
}

/** `${NAME:-otherwise}` would write the secret out too. */
function isReferenced(tree: ScalarTree): boolean {
  return (
    tree.source === 'environment' || (tree.source === 'variable' && /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(tree.shown))
  )
}

/** The environment, flags and filled-in variables know only text. */
function coerced(tree: ScalarTree, shape: Shape): string | number | boolean | null {
  const { value } = tree
  if (tree.source === 'file' || typeof value !== 'string') return value
  if ((shape.type === 'integer' || typeof shape.const === 'number') && /^(0|-?[1-9][0-9]{0,14})$/.test(value))
    return Number(value)
  if (shape.type === 'boolean' || typeof shape.const === 'boolean')
    return value === 'true' || (value === 'false' ? false : value)
  return value
}

function isRight(value: string | number | boolean | null, shape: Shape): value is string | number | boolean {
  if (shape.const !== undefined) return value === shape.const
  if (shape.enum !== undefined) return typeof value === 'string' && shape.enum.includes(value)
  if (shape.type === 'boolean') return typeof value === 'boolean'
  if (shape.type === 'integer')
    return typeof value === 'number' && Number.isSafeInteger(value) && isWithin(value, shape)
  return typeof value === 'string' && isText(value, shape)
}

const isWithin = (value: number, shape: Shape): boolean =>
  value >= (shape.minimum ?? -Infinity) && value <= (shape.maximum ?? Infinity)

function isText(value: string, shape: Shape): boolean {
  if (shape.pattern !== undefined && !new RegExp(shape.pattern, 'u').test(value)) return false
  return shape.format === undefined || formats[shape.format]?.(value) === true
}

function refuse(tree: ScalarTree, shape: Shape, path: Path, report: Report): void {
  const isHidden = shape.secret === true || tree.source === 'variable'
  const found = foundIn(tree, isHidden)
  const words = shape.enum ?? (shape.const === undefined ? undefined : [String(shape.const)])
  if (words !== undefined) {
    report.add(path, `${found} is not one of the words known here`, remedyForWord(tree, isHidden, words))
    return
  }
  if (shape.type === 'string' && shape.format !== 'never' && typeof tree.value !== 'string') {
    const remedy = isText(String(tree.value), shape) ? 'put it in quotes' : exampleOf(shape)
    report.add(path, `${found} is a ${typeof tree.value}, not ${titleOf(shape)}`, remedy)
    return
  }
  report.add(path, `${found} is not ${titleOf(shape)}`, exampleOf(shape))
}

function foundIn(tree: ScalarTree, isHidden: boolean): string {
  if (!isHidden) return quoted(tree.shown)
  return tree.source === 'variable' ? `what ${quoted(tree.shown)} stands for` : 'what is given'
}

function remedyForWord(tree: ScalarTree, isHidden: boolean, words: readonly string[]): string {
  return isHidden ? `write ${either(words.map(quoted))}` : remedyFor(tree.shown, words)
}

function exampleOf(shape: Shape): string {
  const examples = (shape.examples ?? []).map((example) => quoted(String(example)))
  if (examples.length > 0) return `write for example ${either(examples)}`
  if (shape.minimum !== undefined && shape.maximum !== undefined)
    return `write a whole number from ${shape.minimum} to ${shape.maximum}`
  return shape.type === 'boolean' ? 'write `true` or `false`' : 'correct it'
}
