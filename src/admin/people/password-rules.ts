/** What a password must be (NIST SP 800-63B-4 §3.1.1: length counts, compositions do not). Pure. */

const minPasswordLength = 12
export const maxPasswordLength = 256

/** What is wrong with it, as a field problem; `undefined` where nothing is. `names`: what is easily guessed of this person. */
export function passwordProblem(password: string, names: readonly string[]): string | undefined {
  const characters = Array.from(password)
  if (characters.length < minPasswordLength) return `has fewer than ${minPasswordLength} characters`
  if (characters.length > maxPasswordLength) return `has more than ${maxPasswordLength} characters`
  if (/\p{Cc}/u.test(password)) return 'holds control characters'
  const lower = password.toLowerCase()
  if (names.some((name) => name.length >= 3 && lower.includes(name.toLowerCase()))) return 'holds the name'
  if (new Set(characters).size < 5) return 'is a few characters again and again'
  if (isRun(lower) || common.some((word) => lower.startsWith(word) && /^[0-9!?.]*$/.test(lower.slice(word.length)))) {
    return 'is among the first that are guessed'
  }
  return undefined
}

/** Words that, with digits at the end, lead every list of leaked passwords of this length. */
const common: readonly string[] = [
  'passwordpassword',
  'password',
  'qwertyuiop',
  'qwertyuiopasdf',
  'administrator',
  'iloveyou',
  'letmeinletmein',
  'welcomewelcome',
  'changeme',
  'changemeplease',
  'sallyport',
]

/** `123456789012`, `abcdefghijkl`, and back. */
function isRun(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0)
  const steps = codes.slice(1).map((code, at) => code - (codes[at] ?? 0))
  const inRun = steps.filter((step) => step === 1 || step === -1 || step === -9).length
  return inRun >= steps.length - 1
}
