/** Stage shed: refuses new requests before anything is done for them, while the process is at its end. Health is asked elsewhere. */
import fp from 'fastify-plugin'
import '../context.ts'
import type { ShedConfig } from '../config/config.ts'
import { refused } from '../model/failure.ts'
import type { Clock } from '../model/time.ts'
import type { Meter } from './meter.ts'
import { admittedShare, afterReading, calm, type Reading } from './shedding.ts'

export interface ShedOptions {
  readonly rule: ShedConfig
  readonly meter: Meter
  readonly clock: Clock
  /** Told when it begins and when it is over. */
  readonly onChange: (isShedding: boolean, reading: Reading) => void
}

const readEveryMs = 100

export const shed = fp<ShedOptions>(
  async (app, { rule, meter, clock, onChange }) => {
    let shedding = calm
    let share = 1
    /** What is left of the shares of those before. */
    let credit = 0

    const look = (): void => {
      const reading = meter.read()
      const before = shedding.kind
      shedding = afterReading(shedding, reading, clock.monotonicMs(), rule)
      share = admittedShare(shedding)
      if (shedding.kind === before) return
      credit = 0
      onChange(shedding.kind === 'shedding', reading)
    }
    const timer = setInterval(look, readEveryMs).unref()
    app.addHook('onClose', (_app, done) => {
      clearInterval(timer)
      meter.close()
      done()
    })

    app.addHook('onRequest', (_request, _reply, done) => {
      if (share === 1) return done()
      credit += share
      if (credit < 1) return done(refused('overloaded', { retryAfterSeconds: 1 }))
      credit -= 1
      return done()
    })
  },
  { name: 'shed', dependencies: ['observe'] },
)
