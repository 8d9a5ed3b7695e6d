/** `sallyport healthcheck`: asks a running gateway whether it is ready; for Docker's HEALTHCHECK, which has no curl. */
import { get } from 'node:http'
import type { Command } from 'commander'
import type { ListenAddress } from '../config/config.ts'
import { CommandError, usageError } from './command-error.ts'
import { writeOut, type Io } from './io.ts'
import { globalOptions, loadSettings } from './settings.ts'

const timeoutMs = 5000

export function registerHealthcheckCommand(program: Command, io: Io): void {
  program
    .command('healthcheck')
    .description('ask the running gateway whether it is ready; exit code 1 if it is not')
    .option('--url <url>', 'what to ask (default: /readyz at `admin.listen` of the configuration)')
    .action(async (options: { url?: string }, command: Command) => {
      const url =
        options.url === undefined ? readyUrl((await loadSettings(command, io)).admin.listen) : parseUrl(options.url)
      const status = await statusOf(url)
      if (status !== 200) throw new CommandError(`${url.href} answered ${status}: the gateway is not ready`)
      await writeOut(
        io,
        globalOptions(command, io).output === 'json' ? `${JSON.stringify({ ready: true })}\n` : 'ready\n',
      )
    })
}

/** An address that means "every one of this machine" cannot be asked; loopback is one of them. */
function readyUrl({ host, port }: ListenAddress): URL {
  const asked = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return new URL(`http://${asked.includes(':') ? `[${asked}]` : asked}:${port}/readyz`)
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url?.protocol === 'http:') return url
  throw usageError(`--url: \`${text}\` is no http URL - write it like http://127.0.0.1:8081/readyz`)
}

function statusOf(url: URL): Promise<number> {
  const signal = AbortSignal.timeout(timeoutMs)
  return new Promise((resolve, reject) => {
    const request = get(url, { signal, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', (error) => {
      const reason = signal.aborted ? `gave no answer within ${timeoutMs / 1000} s` : 'cannot be reached'
      reject(new CommandError(`${url.href} ${reason}: is the gateway running?`, 1, { cause: error }))
    })
  })
}
