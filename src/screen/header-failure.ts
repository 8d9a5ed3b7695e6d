/** A head that was refused, as the failure that answers it. */
import { catalogue, type Failure, refused } from '../model/failure.ts'
import type { HeaderRefusal } from './headers.ts'

/** INVARIANT: behind a head that can be read in two ways nothing on the connection is believed any more: `close`. */
export const headerFailure = ({ code, why }: HeaderRefusal): Failure =>
  refused(code, {
    message: `${catalogue[code].message}: ${why}`,
    close: true,
    // RFC 9110 §15.5.16: says what would have been taken.
    ...(code === 'media-type-unsupported' && { headers: ['Accept-Encoding', 'identity'] }),
  })
