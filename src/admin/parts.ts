/** What the admin API works with. */
import type { Failures } from '../authenticate/authenticator.ts'
import type { Identities } from '../authenticate/identities.ts'
import type { Config } from '../config/config.ts'
import type { DataDocuments } from '../data-documents.ts'
import type { Directory } from '../directory.ts'
import type { SlidingWindows } from '../limit/sliding-window.ts'
import type { Clock } from '../model/time.ts'
import type { Traffic } from '../observe/traffic.ts'
import type { Live } from '../snapshot.ts'
import type { Store } from '../store/store.ts'
import type { People } from './people/people.ts'

export interface AdminParts {
  readonly store: Store
  readonly config: () => Config
  readonly live: Live
  readonly directory: Directory
  readonly documents: DataDocuments
  readonly traffic: Traffic
  readonly windows: SlidingWindows
  readonly identities: Identities
  readonly failures: Failures
  readonly people: People
  readonly clock: Clock
  readonly random: (n: number) => Buffer
  readonly version: string
  /** The addresses of the data path and of the admin listener, once they listen. */
  readonly dataAddress: () => string | undefined
  readonly listensAt: () => string | undefined
  readonly warn: (facts: object, message: string) => void
}
