/** Text of others made fit for a log line. Pure. */

const maxText = 1024

/** Control characters (also U+2028 and U+2029, which some viewers take for line ends) become a space; at most 1 KiB. */
export function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is to be removed
  return text.slice(0, maxText).replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
}
