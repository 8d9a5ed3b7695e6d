/**
 * The crowd of `crowd.ts`. Idle: half have asked once and keep the connection, half never say a word. Slow: a third send their head byte by
 * byte, a third their body at 2 KiB/s, a third read 10 MB at 64 KiB/s. Uploads: 4 MiB each, again and again; paced they send
 * 256 KiB/s each (16 MiB/s together). Whoever is turned away comes back after a second.
 */
import { connect, type Socket } from 'node:net'
import { tell } from './child.ts'
import { userName, userToken } from './users.ts'

const [portText = '', pace = ''] = process.argv.slice(2)
const port = Number(portText)
const counts = {
  idle: 5_000,
  heads: 167,
  bodies: 167,
  readers: 166,
  uploads: 64,
  ...(JSON.parse(process.env['CROWD'] ?? '{}') as object),
}

const credential = (user: number): string =>
  `Host: bench.example\r\nAuthorization: Basic ${Buffer.from(`${userName(user)}:${userToken(user)}`).toString('base64')}\r\n`

/** Calls `begin` with a connection, and again a second after it has ended. */
function keep(begin: (socket: Socket) => void): void {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  socket.on('connect', () => begin(socket))
  socket.on('close', () => {
    setTimeout(() => keep(begin), 1_000)
  })
}

function every(socket: Socket, ms: number, act: () => void): void {
  const timer = setInterval(act, ms)
  socket.once('close', () => clearInterval(timer))
}

const silent = (socket: Socket): void => void socket.resume()

function askedOnce(socket: Socket): void {
  socket.resume()
  socket.write(`GET /api/lists/3 HTTP/1.1\r\n${credential(1)}\r\n`)
}

function slowHead(socket: Socket): void {
  socket.resume()
  socket.write('GET /api/lists/3 HTTP/1.1\r\nX-Slow: ')
  every(socket, 1_000, () => socket.write('x'))
}

function slowBody(socket: Socket): void {
  socket.resume()
  const head = `POST /api/media HTTP/1.1\r\n${credential(2)}Content-Type: multipart/form-data; boundary=b\r\n`
  socket.write(
    `${head}Content-Length: 1000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n`,
  )
  socket.write('Content-Type: image/png\r\n\r\n')
  every(socket, 1_000, () => socket.write('x'.repeat(2_048)))
}

function slowReader(socket: Socket): void {
  socket.pause()
  socket.write(`GET /api/lists/4 HTTP/1.1\r\n${credential(3)}\r\n`)
  every(socket, 1_000, () => void socket.read(65_536))
}

const file = Buffer.alloc(4 * 1_048_576, 7)
const piece = 32_768

function upload(socket: Socket): void {
  socket.resume()
  const open = Buffer.from(
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n',
  )
  const close = Buffer.from('\r\n--b--\r\n')
  const length = open.length + file.length + close.length
  const head = `POST /api/media HTTP/1.1\r\n${credential(4)}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\n\r\n`
  let at = 0
  const begin = (): void => {
    at = 0
    socket.write(head)
    socket.write(open)
  }
  const more = (): boolean => {
    const isRoom = socket.write(file.subarray(at, at + piece))
    at += piece
    if (at < file.length) return isRoom
    socket.write(close)
    return false
  }
  begin()
  if (pace === 'paced') {
    every(socket, 125, () => {
      if (at < file.length) more()
    })
  } else {
    const pump = (): void => {
      if (at < file.length && more()) setImmediate(pump)
    }
    pump()
    socket.on('drain', pump)
    socket.on('data', () => {
      if (at < file.length) return
      begin()
      pump()
    })
    return
  }
  socket.on('data', () => {
    if (at >= file.length) begin()
  })
}

// Not all at one moment: a crowd gathers.
let begun = 0
const crowd = [
  ...Array.from({ length: counts.uploads }, () => upload),
  ...Array.from({ length: counts.heads }, () => slowHead),
  ...Array.from({ length: counts.bodies }, () => slowBody),
  ...Array.from({ length: counts.readers }, () => slowReader),
  ...Array.from({ length: counts.idle }, (_, at) => (at % 2 === 0 ? silent : askedOnce)),
]
const gather = setInterval(() => {
  for (const one of crowd.slice(begun, begun + 50)) keep(one)
  begun += 50
  if (begun < crowd.length) return
  clearInterval(gather)
  tell({ tell: 'listening', port: 0 })
}, 10)
process.on('disconnect', () => process.exit(0))
