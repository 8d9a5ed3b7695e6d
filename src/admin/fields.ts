/** What a validator says, as problems of fields in our own words. Pure. */
import type { FieldProblem } from '../model/failure.ts'

/** As Ajv reports it, with `verbose`. */
export interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly parentSchema?: Readonly<Record<string, unknown>> | undefined
}

/** At most this many are told. */
const maxFields = 50

export function fieldProblems(errors: readonly SchemaError[]): readonly FieldProblem[] {
  const problems = new Map<string, FieldProblem>()
  // `anyOf` tells of each of its branches: those of one place are one mistake, and `null` is seldom what was meant.
  for (const error of errors.filter(({ keyword }) => keyword !== 'anyOf')) {
    const problem = problemOf(error)
    const known = problems.get(problem.path)
    if (known === undefined || isNull(known)) problems.set(problem.path, problem)
  }
  return [...problems.values()].slice(0, maxFields)
}

const isNull = ({ problem }: FieldProblem): boolean => problem === 'is not null'

function problemOf({ keyword, instancePath, params, parentSchema = {} }: SchemaError): FieldProblem {
  const path = dotted(instancePath)
  const inside = (name: unknown): string => (path === '' ? String(name) : `${path}.${String(name)}`)
  const described = typeof parentSchema['description'] === 'string' ? `: ${parentSchema['description']}` : ''
  switch (keyword) {
    case 'required':
      return { path: inside(params['missingProperty']), problem: 'is missing' }
    case 'additionalProperties':
      return { path: inside(params['additionalProperty']), problem: 'is not known here' }
    case 'type':
      return { path, problem: `is not ${typeWords[String(params['type'])] ?? String(params['type'])}` }
    case 'enum':
      return { path, problem: `is not one of ${(params['allowedValues'] as unknown[]).join(', ')}` }
    case 'const':
      return { path, problem: `is not ${JSON.stringify(params['allowedValue'])}` }
    case 'pattern':
      return { path, problem: `does not have the form that it must have${described}` }
    case 'minLength':
    case 'maxLength':
      return {
        path,
        problem: `has ${keyword === 'minLength' ? 'fewer' : 'more'} than ${String(params['limit'])} characters`,
      }
    case 'minItems':
    case 'maxItems':
      return {
        path,
        problem: `has ${keyword === 'minItems' ? 'fewer' : 'more'} than ${String(params['limit'])} entries`,
      }
    case 'minProperties':
      return { path, problem: 'says nothing' }
    case 'uniqueItems':
      return { path, problem: 'holds something twice' }
    case 'minimum':
    case 'maximum':
      return { path, problem: `is ${keyword === 'minimum' ? 'below' : 'above'} ${String(params['limit'])}` }
    case 'propertyNames':
      return { path: inside(params['propertyName']), problem: 'is no name that may stand here' }
    default:
      return { path, problem: `is not as it must be (${keyword})` }
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

/** `/lists/0/id` as `lists[0].id` (RFC 6901 escapes undone). */
function dotted(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => {
      if (/^[0-9]+$/.test(part)) return `${path}[${part}]`
      return path === '' ? part : `${path}.${part}`
    }, '')
}
