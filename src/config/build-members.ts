/** Makes the members of an upstream: those of `urls`, or the one of `url`. */
import { parseOrigin } from './formats.ts'
import type { UpstreamWords } from './language-upstream.ts'
import type { Report } from './report.ts'
import { quoted } from './suggest.ts'
import type { Path } from './tree.ts'

/** Their origins, or `undefined` with the mistakes in the report. `path` is where these words stand. */
export function buildMembers(
  { url, urls }: UpstreamWords,
  path: Path,
  report: Report,
): readonly [string, ...string[]] | undefined {
  if (url !== undefined && urls !== undefined) {
    report.add([...path, 'urls'], 'stands beside `url`', 'keep one of them: `urls` names all members')
    return undefined
  }
  if (url === undefined && urls === undefined) {
    report.add(
      path,
      '`upstream.url` is missing',
      'add it, for example `upstream: { url: http://127.0.0.1:9000 }`, or set `SALLYPORT_UPSTREAM_URL`',
    )
    return undefined
  }
  // The checker has seen that each can be read.
  const [first, ...others] = (urls ?? [url ?? '']).flatMap((each) => parseOrigin(each) ?? [])
  if (first === undefined) return undefined
  const twice = others.findIndex((each, at) => each === first || others.indexOf(each) !== at)
  if (twice >= 0) {
    report.add([...path, 'urls', twice + 1], `${quoted(others[twice] ?? '')} stands here twice`, 'keep one of them')
    return undefined
  }
  return [first, ...others]
}
