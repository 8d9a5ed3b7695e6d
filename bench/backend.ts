/**
 * The backend of the benchmark: one list as listmonk answers it, about 600 bytes of JSON, the same for every request; but list 4
 * is described at a length of 10 MB.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { measured } from './child.ts'

const list = {
  data: {
    id: 3,
    created_at: '2026-01-01T09:00:00.000000+05:30',
    updated_at: '2026-01-01T09:00:00.000000+05:30',
    uuid: '5c1d3f5e-6f2a-4d39-9a0e-0f5f6d1c2b3a',
    name: 'Spring readers',
    type: 'private',
    optin: 'double',
    status: 'active',
    tags: ['spring', 'readers', 'newsletter'],
    description: 'People who asked for the spring letter and confirmed it by mail. '.repeat(4).trim(),
    subscriber_count: 1204,
    subscriber_statuses: { confirmed: 1180, unconfirmed: 20, unsubscribed: 4 },
    subscription_created_at: null,
    subscription_updated_at: null,
  },
}

const body = Buffer.from(JSON.stringify(list))
const head = ['Content-Type', 'application/json; charset=UTF-8', 'Content-Length', String(body.length)]

const long = Buffer.from(JSON.stringify({ data: { ...list.data, id: 4, description: 'x'.repeat(10_000_000) } }))
const longHead = ['Content-Type', 'application/json; charset=UTF-8', 'Content-Length', String(long.length)]

const server = createServer((request, response) => {
  request.resume()
  if (request.url === '/api/lists/4') {
    response.writeHead(200, longHead)
    response.end(long)
    return
  }
  response.writeHead(200, head)
  response.end(body)
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => measured((server.address() as AddressInfo).port))
