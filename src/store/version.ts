/** Optimistic concurrency: a change says which version its author has seen. */
import { StoreError } from './store-error.ts'

/** Throws a `StoreError` of kind `stale` where somebody else has changed it since; `undefined` asks for none. */
export function checkVersion(version: number, ifVersion: number | undefined): void {
  if (ifVersion !== undefined && ifVersion !== version) {
    throw new StoreError('stale', `this was changed meanwhile: it is version ${version}, not ${ifVersion}`)
  }
}
