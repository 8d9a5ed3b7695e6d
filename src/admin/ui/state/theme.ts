/** Light, dark, or as the system has it. Kept in this browser. */
import { signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

const key = 'sallyport-theme'
const stored = window.localStorage.getItem(key)

export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system')

export function applyTheme(): void {
  const { documentElement: root } = document
  if (theme.value === 'system') delete root.dataset['theme']
  else root.dataset['theme'] = theme.value
}

export function setTheme(next: Theme): void {
  theme.value = next
  window.localStorage.setItem(key, next)
  applyTheme()
}
