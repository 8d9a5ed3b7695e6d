/** The admin pages: files that the build left, and one page for every address that people see. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** `dist/ui` of this package, from source and compiled alike. */
const builtPages = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/ui/' : '../ui/', import.meta.url),
)

/** Addresses of the pages; the browser's own router tells them apart. */
const pageAddresses: readonly string[] = [
  '/',
  '/sign-in',
  '/link',
  '/overview',
  '/users',
  '/users/*',
  '/user-roles',
  '/user-roles/*',
  '/list-roles',
  '/list-roles/*',
  '/plans',
  '/plans/*',
  '/policy',
  '/explain',
  '/audit',
  '/sessions',
  '/settings',
  '/account',
]

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sallyport</title>
<p>The admin pages are not built: run <code>npm run build</code> and start again. The admin API is there: <a href="/openapi.json">/openapi.json</a></p></html>
`

export async function registerPages(app: FastifyInstance, folder = builtPages): Promise<void> {
  const isBuilt = existsSync(`${folder}/index.html`)
  if (isBuilt) {
    await app.register(fastifyStatic, {
      root: `${folder}/assets`,
      prefix: '/assets/',
      serve: true,
      decorateReply: true,
      index: false,
      // Names of files there change with what is in them.
      maxAge: '1y',
      immutable: true,
      cacheControl: true,
    })
  }
  for (const url of pageAddresses) {
    app.get(url, { schema: { hide: true } as object }, (_request, reply) => {
      void reply.header('Cache-Control', 'no-cache').type('text/html; charset=utf-8')
      return isBuilt
        ? reply.sendFile('index.html', folder, { maxAge: 0, immutable: false, cacheControl: false })
        : reply.send(notBuilt)
    })
  }
}
