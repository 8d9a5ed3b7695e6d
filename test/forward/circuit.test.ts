import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  admittance,
  afterAnswer,
  afterConnectFailure,
  afterConnection,
  afterFailure,
  afterProbeBegan,
  afterProbeGivenUp,
  awaitedUntilMs,
  type Circuit,
  closedCircuit,
} from '../../src/forward/circuit.ts'

const rule = { connectFailures: 5, failurePercent: 50, minRequests: 20, windowMs: 10_000, openMs: 1_000 }

const times = (count: number, circuit: Circuit, step: (circuit: Circuit) => Circuit): Circuit => {
  let now = circuit
  for (let at = 0; at < count; at++) now = step(now)
  return now
}
const answers = (count: number, circuit: Circuit, nowMs: number): Circuit =>
  times(count, circuit, (now) => afterAnswer(now, false, nowMs, rule))
const failures = (count: number, circuit: Circuit, nowMs: number): Circuit =>
  times(count, circuit, (now) => afterFailure(now, false, nowMs, rule))
const refusals = (count: number, circuit: Circuit, nowMs: number): Circuit =>
  times(count, circuit, (now) => afterConnectFailure(now, false, nowMs, rule))

const closed = closedCircuit(0)
const open = refusals(5, closed, 100)

describe('a circuit', () => {
  it('lets everything through while it is closed', () => {
    expect(admittance(answers(1_000, closed, 5), 5)).toBe('free')
  })

  it('opens at the fifth connection in a row that fails, for its time', () => {
    expect(refusals(4, closed, 100).state).toBe('closed')
    expect(open).toEqual({ state: 'open', because: 'connect', sinceMs: 100, untilMs: 1_100 })
    expect([admittance(open, 1_099), admittance(open, 1_100)]).toEqual(['no', 'probe'])
  })

  it('counts connections in a row: one that comes about begins anew', () => {
    expect(refusals(4, afterConnection(refusals(4, closed, 0)), 0).state).toBe('closed')
  })

  it('opens at half of at least twenty requests, whatever they are in order', () => {
    expect(failures(19, closed, 1).state).toBe('closed')
    expect(failures(20, closed, 1)).toMatchObject({ state: 'open', because: 'failures', sinceMs: 1, untilMs: 1_001 })
    expect(failures(10, answers(10, closed, 1), 1).state).toBe('open')
    expect(failures(10, answers(11, closed, 1), 1).state).toBe('closed')
  })

  it('forgets what is longer ago than its window, bit by bit', () => {
    const old = failures(19, closed, 0)
    expect(failures(1, old, 9_999).state).toBe('open')
    // Half of the window before still counts, then nothing of it.
    expect(failures(10, old, 15_000).state).toBe('closed')
    expect(failures(11, old, 15_000).state).toBe('open')
    expect(failures(19, old, 20_000).state).toBe('closed')
  })

  it('a restart under load does not open it for the requests that it cuts: they are few of many', () => {
    expect(failures(64, answers(1_000, closed, 0), 1).state).toBe('closed')
  })

  it('lets one through when its time is over, and the next when that one tells nothing', () => {
    const probing = afterProbeBegan(open)
    expect(admittance(probing, 1_100)).toBe('no')
    expect(admittance(afterProbeGivenUp(probing), 1_100)).toBe('probe')
  })

  it('closes when the probe is answered, and opens anew when it fails', () => {
    const probing = afterProbeBegan(open)
    expect(afterAnswer(probing, true, 1_200, rule)).toEqual(closedCircuit(1_200))
    for (const fail of [afterFailure, afterConnectFailure])
      expect(fail(probing, true, 1_200, rule)).toMatchObject({ state: 'open', sinceMs: 100, untilMs: 2_200 })
  })

  it('hears nothing of attempts that began before it opened', () => {
    const probing = afterProbeBegan(open)
    for (const circuit of [open, probing]) {
      expect(afterAnswer(circuit, false, 500, rule)).toBe(circuit)
      expect(afterFailure(circuit, false, 500, rule)).toBe(circuit)
      expect(afterConnectFailure(circuit, false, 500, rule)).toBe(circuit)
    }
  })

  it('may be tried as soon as a connection comes about, where that was what failed', () => {
    expect(afterConnection(open)).toEqual({ state: 'half-open', because: 'connect', sinceMs: 100, isProbing: false })
    const ill = failures(20, closed, 1)
    expect(afterConnection(ill)).toBe(ill)
  })

  it('is worth waiting for as long as the trouble is young', () => {
    expect(awaitedUntilMs(closed, 50, 2_500)).toBe(-Infinity)
    expect(awaitedUntilMs(refusals(1, closed, 40), 50, 2_500)).toBe(2_540)
    expect(awaitedUntilMs(open, 2_000, 2_500)).toBe(2_600)
    expect(awaitedUntilMs(afterConnection(open), 9_000, 2_500)).toBe(11_500)
  })
})

describe('whatever happens to a circuit', () => {
  type Event = { readonly kind: string; readonly afterMs: number }
  const kinds = ['begin', 'answer', 'fail', 'refuse', 'give-up', 'connect', 'stray-answer', 'stray-failure']
  const event = fc.record({ kind: fc.constantFrom(...kinds), afterMs: fc.integer({ min: 0, max: 700 }) })

  /** Plays events as a member would: an attempt begins only when it is admitted, and ends once. */
  function play(events: readonly Event[], look: (circuit: Circuit, probes: number, nowMs: number) => void): void {
    let circuit = closedCircuit(0)
    let nowMs = 0
    let free = 0
    let probes = 0
    for (const { kind, afterMs } of events) {
      nowMs += afterMs
      const admitted = admittance(circuit, nowMs)
      const wasProbe = probes > 0
      const isEnd = kind === 'answer' || kind === 'fail' || kind === 'refuse' || kind === 'give-up'
      if (kind === 'begin') {
        if (admitted === 'free') free++
        if (admitted === 'probe') {
          probes++
          circuit = afterProbeBegan(circuit)
        }
      } else if (kind === 'connect') circuit = afterConnection(circuit)
      else if (kind === 'stray-answer') circuit = afterAnswer(circuit, false, nowMs, rule)
      else if (kind === 'stray-failure') circuit = afterFailure(circuit, false, nowMs, rule)
      else if (isEnd && free + probes > 0) {
        if (wasProbe) probes--
        else free--
        if (kind === 'answer') circuit = afterAnswer(circuit, wasProbe, nowMs, rule)
        if (kind === 'fail') circuit = afterFailure(circuit, wasProbe, nowMs, rule)
        if (kind === 'refuse') circuit = afterConnectFailure(circuit, wasProbe, nowMs, rule)
        if (kind === 'give-up' && wasProbe) circuit = afterProbeGivenUp(circuit)
      }
      look(circuit, probes, nowMs)
    }
  }

  it('never more than one request finds out, and none is admitted beside it', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 400 }), (events) => {
        play(events, (circuit, probes, nowMs) => {
          expect(probes).toBeLessThanOrEqual(1)
          if (probes === 1) expect(admittance(circuit, nowMs)).toBe('no')
        })
      }),
    )
  })

  it('an open one admits nobody before its time, and one at most after it', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 400 }), (events) => {
        play(events, (circuit, _probes, nowMs) => {
          if (circuit.state !== 'open') return
          expect(admittance(circuit, nowMs)).toBe(nowMs < circuit.untilMs ? 'no' : 'probe')
          expect(circuit.untilMs - nowMs).toBeLessThanOrEqual(rule.openMs)
        })
      }),
    )
  })

  it('it is closed again once its time is over and a probe is answered', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 400 }), (events) => {
        let last = closedCircuit(0)
        let endMs = 0
        let open = 0
        play(events, (circuit, probes, nowMs) => {
          last = circuit
          endMs = nowMs
          open = probes
        })
        // The probe that is still out leaves; then the next one is answered.
        if (open === 1) last = afterProbeGivenUp(last)
        const later = endMs + rule.openMs
        if (last.state === 'closed') return
        expect(admittance(last, later)).toBe('probe')
        expect(afterAnswer(afterProbeBegan(last), true, later, rule)).toEqual(closedCircuit(later))
      }),
    )
  })

  it('its size stays the same', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 400 }), (events) => {
        play(events, (circuit) => expect(JSON.stringify(circuit).length).toBeLessThan(220))
      }),
    )
  })
})
