/** Holds the lock of a store until its standard input ends: `begin exclusive`, or with `all` against readers as well. */
import { DatabaseSync } from 'node:sqlite'

const [file, how] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: lock FILE [all]')
const database = new DatabaseSync(file, { timeout: 10_000 })
if (how === 'all') database.exec('pragma journal_mode = delete')
database.exec('begin exclusive')
process.stdout.write('held\n')
process.stdin.resume().on('end', () => {
  database.exec('rollback')
  database.close()
})
