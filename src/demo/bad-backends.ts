/** Two backends that fail on purpose: a port where nobody listens, and a server that never answers. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export interface BadBackend {
  readonly url: string
  close(): Promise<void>
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      // A server that listens on TCP has an AddressInfo.
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    })
  })

const closed = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()))

/** An address that was free a moment ago; connections to it are refused. */
export async function refusingBackend(): Promise<BadBackend> {
  const server = createServer()
  const url = await listen(server)
  await closed(server)
  return { url, close: () => Promise.resolve() }
}

/** Takes connections and requests, and says nothing. */
export async function silentBackend(): Promise<BadBackend> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.resume()
  })
  const url = await listen(server)
  return {
    url,
    close() {
      for (const socket of sockets) socket.destroy()
      return closed(server)
    },
  }
}
