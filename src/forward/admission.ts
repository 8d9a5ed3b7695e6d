/** A cap on what is under way, and a short line before it: first come, first served. Knows no time. */

/** `busy`: no connection is free now; one that ends frees one. `down`: nobody can be asked. */
export type Start = 'started' | 'busy' | 'down'

/** `full`: there is no room to wait. `down`: nobody can be asked; it was not taken. */
export type Admitted = 'started' | 'waits' | 'full' | 'down'

export interface Admission<T> {
  admit(item: T): Admitted
  /** One that is under way starts anew, and keeps its place where it can. */
  restart(item: T): Admitted
  /** One that was started is over. */
  ended(): void
  /** The item waits no more. */
  forget(item: T): void
  readonly underWay: number
  readonly waiting: number
}

export interface AdmissionOptions<T> {
  readonly most: number
  readonly mostWaiting: number
  readonly start: (item: T) => Start
  /** The item was at the head of the line when nobody could be asked any more; it is not in the line now. */
  readonly onDown: (item: T) => void
}

export function createAdmission<T>({ most, mostWaiting, start, onDown }: AdmissionOptions<T>): Admission<T> {
  const line = new Set<T>()
  let underWay = 0
  let isStarting = false

  function wait(item: T): 'waits' | 'full' {
    if (line.size >= mostWaiting) return 'full'
    line.add(item)
    return 'waits'
  }

  function startNext(): void {
    // What ends while it is being started is seen by the loop that starts it.
    if (isStarting) return
    isStarting = true
    for (const item of line) {
      if (underWay >= most) break
      underWay++
      const outcome = start(item)
      if (outcome !== 'started') underWay--
      if (outcome === 'busy') break
      line.delete(item)
      if (outcome === 'down') onDown(item)
    }
    isStarting = false
  }

  return {
    admit(item) {
      if (underWay >= most || line.size > 0) return wait(item)
      underWay++
      const outcome = start(item)
      if (outcome === 'started') return outcome
      underWay--
      return outcome === 'busy' ? wait(item) : outcome
    },
    restart(item) {
      const outcome = start(item)
      if (outcome === 'started') return outcome
      underWay--
      const admitted = outcome === 'busy' ? wait(item) : outcome
      startNext()
      return admitted
    },
    ended() {
      underWay--
      startNext()
    },
    forget: (item) => void line.delete(item),
    get underWay() {
      return underWay
    },
    get waiting() {
      return line.size
    },
  }
}
