/** The grammar of a JSON number (RFC 8259 §6), a byte at a time. */

export type NumberState = 'start' | 'minus' | 'zero' | 'whole' | 'dot' | 'fraction' | 'e' | 'sign' | 'exponent'

type Steps = Readonly<Record<string, NumberState>>

/** From each state the next, by kind of byte. */
const steps: Readonly<Record<NumberState, Steps>> = {
  start: { '-': 'minus', '0': 'zero', digit: 'whole' },
  minus: { '0': 'zero', digit: 'whole' },
  zero: { '.': 'dot', e: 'e' },
  whole: { '0': 'whole', digit: 'whole', '.': 'dot', e: 'e' },
  dot: { '0': 'fraction', digit: 'fraction' },
  fraction: { '0': 'fraction', digit: 'fraction', e: 'e' },
  e: { '0': 'exponent', digit: 'exponent', '+': 'sign', '-': 'sign' },
  sign: { '0': 'exponent', digit: 'exponent' },
  exponent: { '0': 'exponent', digit: 'exponent' },
}

function kindOf(byte: number): string {
  if (byte >= 0x31 && byte <= 0x39) return 'digit'
  return byte === 0x45 ? 'e' : String.fromCharCode(byte)
}

/** The state after `byte`; `undefined` when it is of no number that goes on from here. */
export const stepNumber = (state: NumberState, byte: number): NumberState | undefined => steps[state][kindOf(byte)]

/** Whether a number may end in this state. */
export const isWholeNumber = (state: NumberState): boolean =>
  state === 'zero' || state === 'whole' || state === 'fraction' || state === 'exponent'
