/**
 * Every recorded write, asked by every recorded user of a whole gateway: nowhere looser than listmonk, and stricter for a reason.
 * REPLAY_TABLE=1 prints the figures by route. REPLAY_BACKEND, REPLAY_RESET and REPLAY_DUMP put a real listmonk behind the gateway
 * in the place of the demo backend: replay-sockets.ts says how.
 */
import { recordedRequests } from './replay-sockets-suite.ts'

recordedRequests('writes', 1)
