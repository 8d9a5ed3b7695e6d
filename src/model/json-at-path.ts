/** What stands at one path of JSON that streams by; all else is passed over, however large, deep or odd it is. Pure. */
import type { JsonHandler } from './json-handler.ts'
import { nameFinder } from './json-names.ts'
import { createTokenizer, JsonStreamError } from './json-tokens.ts'
import type { Json } from './json.ts'

export type PathReading =
  /** The document with nothing in it but what the path leads through. */
  { readonly kind: 'value'; readonly value: Json } | { readonly kind: 'invalid'; readonly why: string }

export interface PathReader {
  write(chunk: Buffer): void
  end(): PathReading
}

interface Frame {
  readonly value: Json[] | { [name: string]: Json }
  /** The step of the path that leads on from here; `undefined` at its end. */
  readonly step: string | undefined
  hasMember: boolean
}

/** `steps` are names, and `[]` for each element. A name that stands twice on the path is invalid: parsers differ in which they take. */
export function jsonAtPath(steps: readonly string[]): PathReader {
  const frames: Frame[] = []
  let root: Json = null
  let blind = 0
  let isMember = false
  let why: string | undefined

  const isOnPath = (): boolean => {
    const top = frames.at(-1)
    if (top === undefined) return true
    return Array.isArray(top.value) ? top.step === '[]' : isMember
  }
  const put = (value: Json): void => {
    const top = frames.at(-1)
    if (top === undefined) root = value
    else if (Array.isArray(top.value)) top.value.push(value)
    else if (top.step !== undefined) top.value[top.step] = value
  }
  const handler: JsonHandler = {
    find: nameFinder(steps),
    wants: (isKey) => blind === 0 && (isKey || isOnPath()),
    key(text) {
      const top = frames.at(-1)
      if (blind > 0 || top === undefined) return
      isMember = text !== undefined && text !== '[]' && text === top.step
      if (!isMember) return
      if (top.hasMember) why ??= 'a key stands twice'
      top.hasMember = true
    },
    open(isArray) {
      if (blind > 0 || !isOnPath()) {
        blind++
        return
      }
      const value = isArray ? [] : (Object.create(null) as { [name: string]: Json })
      put(value)
      frames.push({ value, step: steps[frames.length], hasMember: false })
    },
    close() {
      if (blind > 0) blind--
      else frames.pop()
    },
    scalar(_end, text) {
      if (blind === 0 && isOnPath()) put(scalarOf(text))
    },
    comma() {},
  }
  const tokenizer = createTokenizer(handler)
  const guarded = (act: () => void): void => {
    if (why !== undefined) return
    try {
      act()
    } catch (error) {
      if (!(error instanceof JsonStreamError)) throw error
      why = `${error.message}, at byte ${error.at}`
    }
  }

  return {
    write: (chunk) => guarded(() => tokenizer.write(chunk)),
    end() {
      guarded(() => tokenizer.end())
      return why === undefined ? { kind: 'value', value: root } : { kind: 'invalid', why }
    },
  }
}

/** `null`, a plain whole number, or the JSON of anything else as a text. */
function scalarOf(text: string | undefined): Json {
  if (text === 'null') return null
  return text !== undefined && /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : (text ?? '')
}
