/** Loads the configuration: flag over environment over file over default, and every mistake at once. */
import { stat } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { Problems, type Problem } from '../model/problem.ts'
import { buildConfig } from './build.ts'
import { checkSections } from './check.ts'
import type { Config } from './config.ts'
import { readDocument } from './document.ts'
import { fileVariable, withEnvironment, withOverrides, type Overrides } from './environment.ts'
import { deepFreeze } from './freeze.ts'
import { configSchema } from './language.ts'
import { reportOn } from './report.ts'
import type { Platform } from './secrets.ts'
import { shapeOf } from './shape.ts'
import { fillVariables, type Environment } from './variables.ts'
import type { Tree } from './tree.ts'

export interface LoadOptions {
  /** Path of the file, relative to `cwd`; else `SALLYPORT_CONFIG`, else `sallyport.yaml` where there is one. */
  readonly file?: string | undefined
  readonly env: Environment
  readonly cwd: string
  /** What flags say: dotted path → text, like `{ 'upstream.url': 'http://127.0.0.1:9000' }`. */
  readonly overrides?: Overrides | undefined
  /** Tells whether files have a mode; by default this process's. */
  readonly platform?: Platform
}

const defaultFile = 'sallyport.yaml'

/** The frozen configuration. Throws `Problems`, ordered by file and line; no message shows a secret. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { env, cwd, overrides = {}, platform = process.platform } = options
  const problems: Problem[] = []
  const file = await fileFrom(options)
  const shown = file === undefined ? defaultFile : shownAs(file, cwd)
  const nothing: Tree = { kind: 'map', at: { file: shown, line: file === undefined ? 0 : 1 }, entries: new Map() }

  let tree: Tree = nothing
  if (file !== undefined) {
    const document = await readDocument(file, shown)
    problems.push(...document.problems)
    // Without the file everything else would only be said to be missing.
    if (document.tree === undefined) throw new Problems(problems)
    tree = fillVariables(document.tree, env, problems)
  }
  const shape = shapeOf(configSchema)
  if (tree.kind === 'map') tree = withEnvironment(tree, env, shape, problems)
  if (tree.kind === 'map') tree = withOverrides(tree, overrides, shape, problems)

  const report = reportOn(tree, problems)
  const words = checkSections(tree, configSchema, report)
  const fileDir = file === undefined ? cwd : dirname(file)
  const config = await buildConfig(words, file, { tree, report, env, platform, fileDir, cwd })
  if (config === undefined || problems.length > 0) throw new Problems(problems.toSorted(byPlace))
  return deepFreeze(config)
}

async function fileFrom(options: LoadOptions): Promise<string | undefined> {
  const named = options.file ?? (options.env[fileVariable] === '' ? undefined : options.env[fileVariable])
  if (named !== undefined) return resolve(options.cwd, named)
  const usual = resolve(options.cwd, defaultFile)
  const found = await stat(usual).catch(() => undefined)
  return found === undefined ? undefined : usual
}

/** Inside the working directory as a person would type it, elsewhere absolute. */
function shownAs(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path.startsWith('..') || isAbsolute(path) ? file : path
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line
}
