/** What a page shows of the API: loading, failed or there; loaded anew when its path changes or it is asked to. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { call, type ApiFailure } from './client.ts'

export type Resource<T> =
  | { readonly kind: 'loading'; readonly reload: () => void }
  | { readonly kind: 'failed'; readonly failure: ApiFailure; readonly reload: () => void }
  | { readonly kind: 'ready'; readonly data: T; readonly etag: string | undefined; readonly reload: () => void }

type State<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly failure: ApiFailure }
  | { readonly kind: 'ready'; readonly path: string; readonly data: T; readonly etag: string | undefined }

/** `undefined`: nothing is asked for yet. What was there stays while the same path is loaded anew. */
export function useResource<T>(path: string | undefined): Resource<T> {
  const [state, setState] = useState<State<T>>({ kind: 'loading' })
  const [turn, setTurn] = useState(0)
  const reload = useCallback(() => setTurn((before) => before + 1), [])

  useEffect(() => {
    if (path === undefined) return undefined
    const controller = new AbortController()
    setState((before) => (before.kind === 'ready' && before.path === path ? before : { kind: 'loading' }))
    call<T>('GET', path, { signal: controller.signal }).then(
      (result) => {
        if (controller.signal.aborted) return
        setState(result.ok ? { kind: 'ready', path, ...result } : { kind: 'failed', failure: result.failure })
      },
      () => undefined,
    )
    return () => controller.abort()
  }, [path, turn])

  return { ...state, reload }
}
