/** The admin listener: health, the admin API, its documents and its pages. What there is, in one place. */
import type { FastifyInstance } from 'fastify'
import { cookiesOf, type Cookies } from './cookies.ts'
import type { Endpoint } from './endpoint.ts'
import { registerHealth, type Health } from './health.ts'
import { identify } from './identify.ts'
import { registerDocuments } from './openapi/documents.ts'
import { registerPages } from './pages.ts'
import type { AdminParts } from './parts.ts'
import { registerEndpoint } from './register.ts'
import { auditEndpoints } from './routes/audit.ts'
import { documentEndpoints } from './routes/documents.ts'
import { explainEndpoints } from './routes/explain.ts'
import { linkEndpoints } from './routes/links.ts'
import { listEndpoints } from './routes/lists.ts'
import { listRoleEndpoints } from './routes/list-roles.ts'
import { meEndpoints } from './routes/me.ts'
import { overviewEndpoints } from './routes/overview.ts'
import { permissionEndpoints } from './routes/permissions.ts'
import { planEndpoints } from './routes/plans.ts'
import { policyEndpoints } from './routes/policies.ts'
import { sessionOpener, signInEndpoints, type OpenSession } from './routes/session.ts'
import { sessionEndpoints } from './routes/sessions.ts'
import { settingsEndpoints } from './routes/settings.ts'
import { tenantEndpoints } from './routes/tenants.ts'
import { tokenEndpoints } from './routes/tokens.ts'
import { userRightEndpoints } from './routes/user-rights.ts'
import { userRoleEndpoints } from './routes/user-roles.ts'
import { userEndpoints } from './routes/users.ts'
import { adminServer, answerUnknown, type AdminServerParts } from './server.ts'
import { methodBook } from './wire.ts'

export async function buildAdmin(
  server: AdminServerParts,
  parts: AdminParts,
  health: Health,
): Promise<FastifyInstance> {
  const app = await adminServer(server)
  const methodsOf = methodBook(app)
  const cookies = cookiesOf(server.config)
  const open = sessionOpener(parts, cookies)
  const endpoints = allEndpoints(parts, cookies, open)
  registerHealth(app, health)
  await registerDocuments(app, parts, cookies)
  const who = identify(parts, cookies.names)
  for (const endpoint of endpoints) registerEndpoint(app, endpoint, parts, who)
  // Loaded only where it is configured: it is a good part of what a start takes.
  const { oidc } = server.config
  if (oidc !== undefined) (await import('./routes/oidc.ts')).registerOidc(app, oidc, parts, cookies, open)
  await registerPages(app)
  answerUnknown(app, methodsOf)
  return app
}

export const allEndpoints = (parts: AdminParts, cookies: Cookies, open: OpenSession): readonly Endpoint[] => [
  ...signInEndpoints(parts, cookies, open),
  ...linkEndpoints(parts, open),
  ...meEndpoints(parts),
  ...overviewEndpoints(parts),
  ...tenantEndpoints(parts),
  ...userEndpoints(parts),
  ...userRightEndpoints(parts),
  ...tokenEndpoints(parts),
  ...userRoleEndpoints(parts),
  ...listRoleEndpoints(parts),
  ...permissionEndpoints(),
  ...listEndpoints(parts),
  ...planEndpoints(parts),
  ...policyEndpoints(parts),
  ...explainEndpoints(parts),
  ...documentEndpoints(parts),
  ...auditEndpoints(parts),
  ...sessionEndpoints(parts),
  ...settingsEndpoints(parts),
]
