/** The admin app's own routes: an empty shell. Nobody can sign in here. */
import type { Routes } from './context.ts'
import { adminApp, loginPage, noFile, redirect, sitePage, text } from './pages.ts'

export function addAdminRoutes(routes: Routes): void {
  routes.add('GET', '/admin', () => adminApp)
  routes.add('GET', '/admin/:rest', () => adminApp)
  routes.add('GET', '/admin/custom.css', () => text('text/css; charset=utf-8', ''))
  routes.add('GET', '/admin/custom.js', () => text('application/javascript; charset=utf-8', ''))
  routes.add('GET', '/admin/static/:file', () => noFile)
  routes.add('GET', '/admin/login', loginPage)
  routes.add('POST', '/admin/login', loginPage)
  routes.add('GET', '/admin/login/twofa', () => redirect(302, '/admin'))
  routes.add('POST', '/admin/login/twofa', () => redirect(302, '/admin'))
  routes.add('GET', '/admin/forgot', () => sitePage('Forgot password?'))
  routes.add('POST', '/admin/forgot', () => sitePage('Reset password'))
  routes.add('GET', '/admin/reset', () => sitePage('Reset password', 400))
  routes.add('POST', '/admin/reset', () => sitePage('Reset password', 400))
}
