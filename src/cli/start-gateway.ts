/** Starts a gateway and says in one sentence why it cannot. */
import { buildGateway, type Gateway, type GatewayParts } from '../app.ts'
import type { Config, ListenAddress } from '../config/config.ts'
import { compactHeap } from '../model/garbage.ts'
import { CommandError } from './command-error.ts'

export interface Started {
  readonly gateway: Gateway
  readonly data: string
  readonly admin: string
}

/** `remedy` completes "… is taken: " for this command (`pass --port`, `change listen:`). */
export async function startGateway(config: Config, parts: GatewayParts, remedy: string): Promise<Started> {
  const gateway = await buildGateway(config, parts)
  // Before anybody waits for an answer.
  compactHeap()
  try {
    return { gateway, ...(await gateway.listen()) }
  } catch (error) {
    await gateway.drain()
    throw listenError(error, [config.listen, config.admin.listen], remedy)
  }
}

function listenError(error: unknown, addresses: readonly ListenAddress[], remedy: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const port = 'port' in error ? error.port : undefined
  const { host } = addresses.find((address) => address.port === port) ?? { host: '' }
  const where = `${host}:${String(port)}`
  switch (error.code) {
    case 'EADDRINUSE':
      return new CommandError(`Port ${String(port)} is taken by another program: ${remedy}.`)
    case 'EACCES':
      return new CommandError(`This user may not listen on ${where}: use a port above 1023, or ${remedy}.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CommandError(`This machine has no address ${where}: ${remedy}.`)
    default:
      return error
  }
}
