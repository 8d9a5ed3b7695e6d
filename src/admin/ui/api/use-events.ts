/** A stream of server-sent events, as the latest one and whether it still comes. Falls back to asking, where no stream is to be had. */
import { useEffect, useState } from 'preact/hooks'
import { call, type ApiFailure } from './client.ts'

export interface Live<T> {
  readonly data: T | undefined
  readonly failure: ApiFailure | undefined
  /** `asking`: no stream at the moment; asked every few seconds. */
  readonly state: 'live' | 'asking' | 'paused'
}

const askEveryMs = 5_000

export function useEvents<T>(path: string, isPaused: boolean): Live<T> {
  const [data, setData] = useState<T>()
  const [failure, setFailure] = useState<ApiFailure>()
  const [isLive, setLive] = useState(false)

  useEffect(() => {
    if (isPaused) return undefined
    let isOver = false
    const ask = async (): Promise<void> => {
      const result = await call<T>('GET', path)
      if (isOver) return
      if (result.ok) setData(result.data)
      setFailure(result.ok ? undefined : result.failure)
    }
    void ask()
    const source = new EventSource(`${path}/events`)
    source.onopen = () => setLive(true)
    source.onmessage = (event: MessageEvent<string>) => {
      setLive(true)
      setFailure(undefined)
      setData(JSON.parse(event.data) as T)
    }
    // The browser connects anew by itself; until then it is asked.
    source.onerror = () => setLive(false)
    const timer = setInterval(() => {
      if (source.readyState !== EventSource.OPEN) void ask()
    }, askEveryMs)
    return () => {
      isOver = true
      clearInterval(timer)
      source.close()
      setLive(false)
    }
  }, [path, isPaused])

  if (isPaused) return { data, failure, state: 'paused' }
  return { data, failure, state: isLive ? 'live' : 'asking' }
}
