/** Short messages of what was done, some of which can be undone. */
import { signal } from '@preact/signals'

export interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: 'done' | 'failed'
  readonly undo: (() => Promise<void>) | undefined
}

export const toasts = signal<readonly Toast[]>([])
const next = { id: 1 }

const plainMs = 6_000
/** Long enough to read, to think, and to reach the button by keyboard. */
const undoMs = 20_000

export function tell(text: string, undo?: () => Promise<void>, tone: Toast['tone'] = 'done'): void {
  const id = next.id++
  toasts.value = [...toasts.value.slice(-3), { id, text, tone, undo }]
  setTimeout(() => dismiss(id), undo === undefined ? plainMs : undoMs)
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}
