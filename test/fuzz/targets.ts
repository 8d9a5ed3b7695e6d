/** Every reader that is fuzzed. */
import type { Target } from './fuzzer.ts'
import { fieldsReader, formReader, multipartReader } from './readers/bodies.ts'
import { configReader, importReader, logReader, policyReader } from './readers/files.ts'
import { contentTypeReader, credentialReader, forwardedReader, headersReader } from './readers/headers.ts'
import { answerReader, jsonReader, tokensReader } from './readers/json.ts'
import { hostReader, pairsReader, targetReader } from './readers/target.ts'

export const targets: readonly Target[] = [
  ...[targetReader, pairsReader, hostReader],
  ...[headersReader, credentialReader, contentTypeReader, forwardedReader],
  ...[jsonReader, tokensReader, answerReader, fieldsReader],
  ...[multipartReader, formReader],
  ...[policyReader, configReader, logReader, importReader],
]
