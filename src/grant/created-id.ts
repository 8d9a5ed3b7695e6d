/** The id of the list that the backend says it made. Pure. */
import { listIdFrom, type ListId } from '../model/ids.ts'
import { isObject, parseJson, type Json } from '../model/json.ts'

/** `path` as in `data.id`. `undefined` unless the whole answer can be read in one way and holds one id there. */
export function createdId(body: Buffer, path: string): ListId | undefined {
  const reading = parseJson(body)
  if (reading.kind === 'invalid') return undefined
  let value: Json | undefined = reading.value
  for (const name of path.split('.')) value = isObject(value) ? value[name] : undefined
  return listIdFrom(value)
}
