import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readMark, writeMark } from '../../src/cli/store-mark.ts'

async function storeFile(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-mark-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return path.join(folder, 'store.db')
}

describe('a store mark', () => {
  it('is read as it was written, for its owner alone, and nothing else is left', async () => {
    const file = await storeFile()
    const mark = { at: 5, count: 7, lastId: 8, hash: 'abc' }
    await writeMark(file, { at: 1, count: 1, lastId: 1, hash: '' })
    await writeMark(file, mark)

    expect(await readMark(file)).toEqual(mark)
    expect((await stat(`${file}.mark`)).mode & 0o777).toBe(0o600)
    expect(await readdir(path.dirname(file))).toEqual(['store.db.mark'])
  })

  it.each([
    '',
    'no json',
    'null',
    '[]',
    '{"at":1}',
    '{"at":1,"count":"2","lastId":2,"hash":"x"}',
    '{"at":1.5,"count":2,"lastId":2,"hash":"x"}',
  ])('is none where it holds %j', async (text) => {
    const file = await storeFile()
    await writeFile(`${file}.mark`, text)

    expect(await readMark(file)).toBeUndefined()
  })
})
