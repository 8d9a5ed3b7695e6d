/** The admin pages as a whole: who is not signed in signs in, everybody else finds the pages that their permissions open. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { Failure } from './components/failure.tsx'
import { Loading } from './components/page.tsx'
import { Toasts } from './components/toasts.tsx'
import { navigationFor, Navigation } from './navigation.tsx'
import { AccountPage } from './pages/account.tsx'
import { AuditPage } from './pages/audit.tsx'
import { ExplainPage } from './pages/explain.tsx'
import { LinkPage } from './pages/link.tsx'
import { ListRolePage } from './pages/list-role.tsx'
import { ListRolesPage } from './pages/list-roles.tsx'
import { MissingPage } from './pages/missing.tsx'
import { NewUserPage } from './pages/new-user.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { PlanPage } from './pages/plan.tsx'
import { PlansPage } from './pages/plans.tsx'
import { PolicyPage } from './pages/policy.tsx'
import { SessionsPage } from './pages/sessions.tsx'
import { SettingsPage } from './pages/settings.tsx'
import { RenewDialog, SignInPage } from './pages/sign-in.tsx'
import { UserPage } from './pages/user.tsx'
import { UserRolePage } from './pages/user-role.tsx'
import { UserRolesPage } from './pages/user-roles.tsx'
import { UsersPage } from './pages/users.tsx'
import { matchPath, navigate, place } from './state/router.ts'
import { loadSession, me, renewal, session } from './state/session.ts'

type Parts = Readonly<Record<string, string>>

/** Address → page. `new` stands before a name: nothing can be called so in the address of its kind. */
const routes: readonly (readonly [pattern: string, page: (parts: Parts) => JSX.Element])[] = [
  ['/overview', () => <OverviewPage />],
  ['/users', () => <UsersPage />],
  ['/users/new/user', () => <NewUserPage />],
  ['/users/:name', ({ name = '' }) => <UserPage key={name} name={name} />],
  ['/user-roles', () => <UserRolesPage />],
  ['/user-roles/new/role', () => <UserRolePage name={undefined} />],
  ['/user-roles/:name', ({ name = '' }) => <UserRolePage key={name} name={name} />],
  ['/list-roles', () => <ListRolesPage />],
  ['/list-roles/new/role', () => <ListRolePage name={undefined} />],
  ['/list-roles/:name', ({ name = '' }) => <ListRolePage key={name} name={name} />],
  ['/plans', () => <PlansPage />],
  ['/plans/new/plan', () => <PlanPage name={undefined} />],
  ['/plans/:name', ({ name = '' }) => <PlanPage key={name} name={name} />],
  ['/policy', () => <PolicyPage />],
  ['/explain', () => <ExplainPage />],
  ['/audit', () => <AuditPage />],
  ['/sessions', () => <SessionsPage />],
  ['/settings', () => <SettingsPage />],
  ['/account', () => <AccountPage />],
]

export function App() {
  useEffect(() => {
    if (place.value.path !== '/link') void loadSession()
  }, [])
  return (
    <>
      <Whole />
      {renewal.value === undefined ? null : <RenewDialog />}
      <Toasts />
    </>
  )
}

function Whole() {
  const { path } = place.value
  if (path === '/link') return <LinkPage />
  switch (session.value.kind) {
    case 'loading':
      return <Loading what="the pages" />
    case 'failed':
      return (
        <main class="narrow">
          <Failure failure={session.value.failure} retry={() => void loadSession()} />
        </main>
      )
    case 'out':
      return <SignInPage />
    case 'in':
      return (
        <Shell>
          <Current path={path} />
        </Shell>
      )
  }
}

function Current({ path }: { readonly path: string }) {
  const [first] = navigationFor(me.value)
  const isStart = path === '/' || path === '/sign-in'
  useEffect(() => {
    if (isStart) navigate(first?.href ?? '/account', 'replace')
  }, [isStart, first?.href])
  for (const [pattern, page] of routes) {
    const parts = matchPath(pattern, path)
    if (parts !== undefined) return page(parts)
  }
  return isStart ? <Loading what="the pages" /> : <MissingPage />
}

function Shell({ children }: { readonly children: ComponentChildren }) {
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Navigation />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  )
}
