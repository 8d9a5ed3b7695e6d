import { expect, it } from 'vitest'
import { createNotFound } from '../../../src/respond/documented/not-found.ts'

it.each([
  ['{"message":"List not found"}', true],
  ['{"message":"Subscriber (9: ) not found"}', true],
  ['{"message":"template 999 not found"}', true],
  ['{"message":"invalid ID"}', false],
  ['{"message":"notfound"}', false],
  ['{"error":"not found"}', false],
  ['{"message":["not found"]}', false],
  ['"not found"', false],
  ['{"message":"not found"', false],
  [`{"message":"not found","x":"${'x'.repeat(70_000)}"}`, false],
])('%.60s', (text, expected) => {
  const filter = createNotFound()
  const bytes = Buffer.from(text)
  const out = [filter.write(bytes.subarray(0, 5)), filter.write(bytes.subarray(5)), filter.end()]

  expect([Buffer.concat(out).toString(), filter.isNotFound()]).toEqual([text, expected])
})
