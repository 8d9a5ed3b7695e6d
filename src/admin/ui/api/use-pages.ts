/** A list that is read page by page: the first anew when the question changes, the next when asked. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { call, type ApiFailure } from './client.ts'

interface Page {
  readonly next: string | null
}

export interface Pages<P extends Page> {
  /** `undefined`: nothing has come yet. */
  readonly pages: readonly P[] | undefined
  readonly failure: ApiFailure | undefined
  /** `undefined`: there is no more. */
  readonly more: (() => void) | undefined
  readonly again: () => void
}

/** Not on each letter: who types a name asks once. */
const typingMs = 200

export function usePages<P extends Page>(query: string): Pages<P> {
  const [pages, setPages] = useState<readonly P[]>()
  const [failure, setFailure] = useState<ApiFailure>()
  // Answers to a question that is no longer asked are dropped.
  const asked = useRef(query)
  const load = useCallback(
    async (cursor: string | null, before: readonly P[]): Promise<void> => {
      const path = cursor === null ? query : `${query}${query.includes('?') ? '&' : '?'}cursor=${cursor}`
      const result = await call<P>('GET', path)
      if (asked.current !== query) return
      if (result.ok) setPages([...before, result.data])
      setFailure(result.ok ? undefined : result.failure)
    },
    [query],
  )
  const isFirst = useRef(true)
  useEffect(() => {
    asked.current = query
    const timer = setTimeout(() => void load(null, []), isFirst.current ? 0 : typingMs)
    isFirst.current = false
    return () => clearTimeout(timer)
  }, [query, load])
  const cursor = pages?.at(-1)?.next ?? null
  return {
    pages,
    failure,
    more: cursor === null || pages === undefined ? undefined : () => void load(cursor, pages),
    again: () => void load(null, []),
  }
}
