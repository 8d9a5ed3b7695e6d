import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainHash, fieldNames, genesis, type ChainField, type ChainFields } from '../../src/store/audit-chain.ts'

const row: ChainFields = {
  id: '1',
  at: '1767225600000',
  actor: 'cli:ève',
  origin: null,
  request_id: 'r-1',
  action: 'user.create',
  subject: 'north/ann',
  details: '{}',
  before: null,
  after: '{"kind":"api"}',
}

const field = fc.option(
  fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.constantFrom('', '-', ',', '1:', ':,')),
)
const fields = fc.tuple(...fieldNames.map(() => field))
const toRow = (values: readonly ChainField[]): ChainFields =>
  Object.fromEntries(fieldNames.map((name, at) => [name, values[at] ?? null])) as unknown as ChainFields

describe('the hash of a row', () => {
  it('is what SECURITY.md says, so that anybody can compute it', () => {
    const text =
      `${createHash('sha256').update('sallyport audit chain 1').digest('hex')}` +
      '1:1,13:1767225600000,8:cli:ève,-3:r-1,11:user.create,9:north/ann,2:{},-14:{"kind":"api"},'

    expect(chainHash(genesis, row)).toBe(createHash('sha256').update(text).digest('hex'))
  })

  it('is never changed: rows that were written stay verifiable', () => {
    expect(chainHash(genesis, row)).toBe('58fe7fe94bcd6d708c494003aee0b64011d5cd7fe2d41d46281cb0a4362562ac')
  })

  it('is the same of text and of its bytes', () => {
    fc.assert(
      fc.property(fields, (values) => {
        const bytes = values.map((value) => (value === null ? null : Buffer.from(value)))
        expect(chainHash(genesis, toRow(bytes))).toBe(chainHash(genesis, toRow(values)))
      }),
    )
  })

  it('differs between any two rows, wherever one field ends and the next begins', () => {
    fc.assert(
      fc.property(fields, fields, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        expect(chainHash(genesis, toRow(one))).not.toBe(chainHash(genesis, toRow(other)))
      }),
    )
    const moved = { ...row, action: 'user.createn', subject: 'orth/ann' }
    expect(chainHash(genesis, moved)).not.toBe(chainHash(genesis, row))
    expect(chainHash(genesis, { ...row, origin: '' })).not.toBe(chainHash(genesis, row))
    expect(chainHash(genesis, { ...row, origin: '-' })).not.toBe(chainHash(genesis, row))
  })

  it('differs after another row', () => {
    expect(chainHash(chainHash(genesis, row), row)).not.toBe(chainHash(genesis, row))
  })
})
