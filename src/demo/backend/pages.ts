/** The pages of the public site and of the admin app, as far as a proxy in front can tell them apart: little more than titles. */
import { randomBytes } from 'node:crypto'
import { html } from './reply.ts'
import type { Reply } from './reply.ts'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '+': '&#43;',
}

/** A page with this title, which Go's templates escape. */
export function page(title: string, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  const shown = title.replace(/[&<>"'+]/g, (character) => escapes[character] ?? '')
  return html(
    `<!doctype html>\n<html><head><title>${shown}</title></head><body><h1>${shown}</h1></body></html>\n`,
    status,
    headers,
  )
}

export const sitePage = (title: string, status = 200, headers: Readonly<Record<string, string>> = {}): Reply =>
  page(`${title} - Mailing list`, status, headers)

/** Pages about one subscriber are not to be indexed. */
export const noIndex = { 'X-Robots-Tag': 'noindex' } as const

export function text(type: string, body: string, status = 200): Reply {
  return { status, type, headers: {}, body }
}

export function redirect(status: number, location: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: undefined, headers: { Location: location, ...headers }, body: '' }
}

/** The sign-in page brings a cookie against forged requests. */
export function loginPage(): Reply {
  const nonce = randomBytes(16).toString('hex')
  return sitePage('Login', 200, { 'Set-Cookie': `nonce=${nonce}; Path=/; HttpOnly; SameSite=Lax` })
}

export const adminApp = html('<html></html>\n')
export const noFile = text('text/plain; charset=utf-8', '404 page not found\n', 404)
