/** OpenAPI of the admin API: `/openapi.json`, `/openapi.yaml`; and a page that shows it, and the data path of the reader's tenant. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import type { Cookies } from '../cookies.ts'
import type { AdminParts } from '../parts.ts'
import { contentPolicy } from '../server.ts'

const description = `Users, API tokens, user roles, list roles and rate plans of Sallyport; what happens, what was changed, and why a caller was refused.
Success is \`{"status": "success", "data": …}\`, failure \`{"message": …, "data": {"code": …, "request_id": …}}\`: codes are stable.
Changes of something that has a version take \`If-Match\`; what is made takes \`Idempotency-Key\`.`

export async function registerDocuments(
  app: FastifyInstance,
  { version }: AdminParts,
  { names }: Cookies,
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sallyport admin API',
        version,
        description,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'this listener' }],
      components: {
        securitySchemes: {
          token: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description:
              '`token user:token`, or `token tenant/user:token`, of an API user with admin permissions; `Basic` too',
          },
          session: { type: 'apiKey', in: 'cookie', name: names.session, description: 'the session of a person' },
        },
      },
    },
  })
  app.get('/openapi.json', { schema: { hide: true } as object }, (_request, reply) => reply.send(app.swagger()))
  app.get('/openapi.yaml', { schema: { hide: true } as object }, (_request, reply) =>
    reply.type('application/yaml; charset=utf-8').send(stringify(app.swagger())),
  )
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: {
      docExpansion: 'none',
      deepLinking: true,
      validatorUrl: null,
      displayRequestDuration: true,
      urls: [
        { url: '/openapi.json', name: 'admin API' },
        { url: '/openapi/data-path.json', name: 'data path' },
      ],
    } as object,
    staticCSP: Object.fromEntries(Object.entries(contentPolicy).map(([key, values]) => [key, [...values]])),
  })
}
