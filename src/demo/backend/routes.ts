/** Every route of the demo backend, and which of them ask for the credential. */
import { addAdminRoutes } from './admin.ts'
import { addBounceRoutes } from './bounces.ts'
import { addCampaignPreviewRoutes } from './campaign-preview.ts'
import { addCampaignWriteRoutes } from './campaign-writes.ts'
import { addCampaignRoutes } from './campaigns.ts'
import type { Handler, Routes } from './context.ts'
import { addImportRoutes } from './import.ts'
import { addInstanceRoutes } from './instance.ts'
import { addListRoutes } from './lists.ts'
import { addMaintenanceRoutes } from './maintenance.ts'
import { addMediaRoutes } from './media.ts'
import { redirect } from './pages.ts'
import { addPublicRoutes } from './public.ts'
import type { Outcome } from './reply.ts'
import { message } from './reply.ts'
import { addRoleRoutes } from './roles.ts'
import { createRouter } from './router.ts'
import { addSubscriberBulkRoutes } from './subscriber-bulk.ts'
import { addSubscriberWriteRoutes } from './subscriber-writes.ts'
import { addSubscriberRoutes } from './subscribers.ts'
import { addTemplateRoutes } from './templates.ts'
import { addTxRoutes } from './tx.ts'
import { addUserRoutes } from './users.ts'

/** `caller` is the name of the service credential's user. */
export function createRoutes(caller: string): Routes {
  const routes = createRouter<Handler>()
  const resources = [
    ...[addListRoutes, addSubscriberRoutes, addSubscriberWriteRoutes, addSubscriberBulkRoutes, addImportRoutes],
    ...[addBounceRoutes, addCampaignRoutes, addCampaignWriteRoutes, addCampaignPreviewRoutes, addTemplateRoutes],
    ...[
      addMediaRoutes,
      addTxRoutes,
      addRoleRoutes,
      addInstanceRoutes,
      addMaintenanceRoutes,
      addPublicRoutes,
      addAdminRoutes,
    ],
  ]
  for (const add of resources) add(routes)
  addUserRoutes(routes, caller)
  return routes
}

const openAdmin = /^\/admin\/(?:login|forgot|reset|static)(?:\/|$)/

/** What a known route answers where the credential is refused for `reason`; `undefined` where it asks for none. */
export function refusal(target: string, path: string, reason: string): Outcome | undefined {
  if (path === '/webhooks/bounce' || (path.startsWith('/api/') && !path.startsWith('/api/public/')))
    return message(403, reason)
  const isAdmin = path === '/admin' || path.startsWith('/admin/')
  if (!isAdmin || openAdmin.test(path)) return undefined
  return redirect(307, `/admin/login?next=${encodeURIComponent(target)}`)
}
