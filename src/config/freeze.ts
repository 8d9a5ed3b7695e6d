/** Freezes data for good, what maps and sets hold included. */

const refuse = (): never => {
  throw new TypeError('this collection is frozen')
}

/** `value` and all it holds, frozen. `Object.freeze` alone leaves `Map.set` and `Set.add` at work. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (value instanceof Map) {
    for (const item of value.values()) deepFreeze(item)
    forbid(value, ['set', 'delete', 'clear'])
  } else if (value instanceof Set) {
    for (const item of value) deepFreeze(item)
    forbid(value, ['add', 'delete', 'clear'])
  } else {
    for (const item of Object.values(value)) deepFreeze(item)
  }
  return Object.freeze(value)
}

/** Not enumerable: a frozen map still equals and prints like one. */
function forbid(collection: object, methods: readonly string[]): void {
  for (const method of methods) Object.defineProperty(collection, method, { value: refuse })
}
