/** Builds the admin pages where they are missing or older than their sources; says nothing where there is nothing to do. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = join(root, 'src', 'admin', 'ui')
const built = join(root, 'dist', 'ui', 'index.html')

function newestMs(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Math.max(0, ...entries.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs))
}

const isFresh = existsSync(built) && (!existsSync(sources) || statSync(built).mtimeMs >= newestMs(sources))
if (!isFresh) {
  // Not there where only what runs is installed: then the admin pages say how to build them.
  const vite = await import('vite').catch(() => undefined)
  if (vite !== undefined) {
    process.stderr.write('building the admin pages …\n')
    await vite.build({ configFile: join(root, 'vite.config.ts') })
  }
}
