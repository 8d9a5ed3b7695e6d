/** Every route of the demo backend. */
import type { Handler, Routes } from './context.ts'
import { addBounceRoutes } from './bounces.ts'
import { addCampaignPreviewRoutes } from './campaign-preview.ts'
import { addCampaignWriteRoutes } from './campaign-writes.ts'
import { addCampaignRoutes } from './campaigns.ts'
import { addImportRoutes } from './import.ts'
import { addListRoutes } from './lists.ts'
import { createRouter } from './router.ts'
import { addSubscriberBulkRoutes } from './subscriber-bulk.ts'
import { addSubscriberWriteRoutes } from './subscriber-writes.ts'
import { addSubscriberRoutes } from './subscribers.ts'

export function createRoutes(): Routes {
  const routes = createRouter<Handler>()
  const resources = [
    ...[addListRoutes, addSubscriberRoutes, addSubscriberWriteRoutes, addSubscriberBulkRoutes, addImportRoutes],
    ...[addBounceRoutes, addCampaignRoutes, addCampaignWriteRoutes, addCampaignPreviewRoutes],
  ]
  for (const add of resources) add(routes)
  return routes
}

/** Whether a route of this path prefix asks for the service credential. */
export function isGuarded(path: string): boolean {
  if (path.startsWith('/api/public/')) return false
  return path.startsWith('/api/') || path === '/webhooks/bounce'
}
