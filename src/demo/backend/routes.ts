/** Every route of the demo backend. */
import type { Handler, Routes } from './context.ts'
import { addListRoutes } from './lists.ts'
import { createRouter } from './router.ts'
import { addSubscriberRoutes } from './subscribers.ts'

export function createRoutes(): Routes {
  const routes = createRouter<Handler>()
  for (const add of [addListRoutes, addSubscriberRoutes]) add(routes)
  return routes
}

/** Whether a route of this path prefix asks for the service credential. */
export function isGuarded(path: string): boolean {
  if (path.startsWith('/api/public/')) return false
  return path.startsWith('/api/') || path === '/webhooks/bounce'
}
