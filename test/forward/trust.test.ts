import { describe, expect, it } from 'vitest'
import { afterAbsence, afterProof, afterSpeech, afterSurplus, trustAt, unproven } from '../../src/forward/trust.ts'

const proven = afterProof(unproven)
const distrusted = afterSpeech(100)

describe('trust', () => {
  it('is earned by an answer that is shown to be one', () => {
    expect(proven).toEqual({ kind: 'proven' })
  })

  it('is lost by bytes behind an answer', () => {
    expect([afterSurplus(unproven), afterSurplus(proven)]).toEqual([unproven, unproven])
  })

  it('is lost for a while by an answer before the request, and has to be earned after that', () => {
    expect(distrusted).toEqual({ kind: 'distrusted', untilMs: 10_100 })
    expect([afterProof(distrusted), afterSurplus(distrusted), afterAbsence(distrusted)]).toEqual([
      distrusted,
      distrusted,
      distrusted,
    ])
    expect(trustAt(distrusted, 10_099)).toBe(distrusted)
    expect(trustAt(distrusted, 10_100)).toBe(unproven)
    expect(trustAt(proven, 1e9)).toBe(proven)
  })

  it('is not inherited by what runs there next', () => {
    expect(afterAbsence(proven)).toBe(unproven)
  })
})
