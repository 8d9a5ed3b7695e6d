/** Undoes the coding of an answer that came compressed although nobody asked for it. */
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

export interface Decoder {
  /** `false` asks for a pause until `onDrain` is called. */
  write(chunk: Buffer): boolean
  end(): void
  resume(): void
  destroy(): void
}

export interface DecodedTo {
  /** `false` asks for a pause until `resume`. */
  onData(chunk: Buffer): boolean
  onDrain(): void
  onEnd(): void
  /** The coding is broken or cut short. */
  onError(error: Error): void
}

const codings = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }
const isKnown = (coding: string): coding is keyof typeof codings => Object.hasOwn(codings, coding)

/** What to do about a `Content-Encoding`: `undefined` for one that nobody here can undo. */
export function decoderFor(contentEncoding: string | undefined): 'identity' | ((to: DecodedTo) => Decoder) | undefined {
  const coding = (contentEncoding ?? 'identity').trim().toLowerCase()
  if (coding === 'identity' || coding === '') return 'identity'
  return isKnown(coding) ? (to) => createDecoder(codings[coding], to) : undefined
}

function createDecoder(make: (typeof codings)[keyof typeof codings], to: DecodedTo): Decoder {
  const stream = make({ chunkSize: 65_536 })
  stream.on('data', (chunk: Buffer) => {
    if (!to.onData(chunk)) stream.pause()
  })
  stream.on('drain', () => to.onDrain())
  stream.on('end', () => to.onEnd())
  stream.on('error', (error: Error) => to.onError(error))
  return {
    write: (chunk) => stream.write(chunk),
    end: () => void stream.end(),
    resume: () => void stream.resume(),
    destroy: () => void stream.destroy(),
  }
}
