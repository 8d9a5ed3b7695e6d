/** Holds a short 400 back to see whether it means that there is no such thing: the backend's documents have 404 for that. */
import { isObject, parseJson } from '../../model/json.ts'

export interface NotFound {
  write(chunk: Buffer): Buffer
  end(): Buffer
  /** Asked when the first byte goes out. */
  isNotFound(): boolean
}

const none = Buffer.alloc(0)
/** A message is shorter; more passes as it is. */
const maxBytes = 65_536

export function createNotFound(): NotFound {
  let held: Buffer[] = []
  let bytes = 0
  let isNotFound = false
  const release = (): Buffer => {
    const all = Buffer.concat(held)
    held = []
    return all
  }
  return {
    write(chunk) {
      held.push(chunk)
      bytes += chunk.length
      return bytes > maxBytes ? release() : none
    },
    end() {
      const all = release()
      isNotFound = all.length === bytes && saysNotFound(all)
      return all
    },
    isNotFound: () => isNotFound,
  }
}

function saysNotFound(body: Buffer): boolean {
  const reading = parseJson(body)
  const message = reading.kind === 'value' && isObject(reading.value) ? reading.value['message'] : undefined
  return typeof message === 'string' && /\bnot found\b/i.test(message)
}
