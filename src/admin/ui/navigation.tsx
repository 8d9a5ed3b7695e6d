/** The way around: only pages that the reader's permissions open. */
import { useEffect, useState } from 'preact/hooks'
import type { AdminPermission } from '../../model/admin-permission.ts'
import type { Me } from '../schemas/people.ts'
import { place } from './state/router.ts'
import { chooseTenant, me, signOut, tenant, tenants } from './state/session.ts'
import { setTheme, theme, type Theme } from './state/theme.ts'

interface Entry {
  readonly href: string
  readonly label: string
  readonly needs: AdminPermission
}

const groups: readonly (readonly [title: string, entries: readonly Entry[]])[] = [
  ['Now', [{ href: '/overview', label: 'Overview', needs: 'overview:get' }]],
  [
    'Access',
    [
      { href: '/users', label: 'Users', needs: 'users:get' },
      { href: '/user-roles', label: 'User roles', needs: 'roles:get' },
      { href: '/list-roles', label: 'List roles', needs: 'roles:get' },
      { href: '/plans', label: 'Rate plans', needs: 'plans:get' },
    ],
  ],
  [
    'Rules',
    [
      { href: '/explain', label: 'Explain', needs: 'policies:get' },
      { href: '/policy', label: 'Policy', needs: 'policies:get' },
    ],
  ],
  [
    'Gateway',
    [
      { href: '/audit', label: 'Audit', needs: 'audit:get' },
      { href: '/sessions', label: 'Sessions', needs: 'sessions:get' },
      { href: '/settings', label: 'Settings', needs: 'settings:get' },
    ],
  ],
]

export const navigationFor = (reader: Me | undefined): readonly Entry[] =>
  groups.flatMap(([, entries]) => entries.filter(({ needs }) => reader?.admin.includes(needs) === true))

export function Navigation() {
  const [isOpen, setOpen] = useState(false)
  const { path } = place.value
  useEffect(() => setOpen(false), [path])
  const open = navigationFor(me.value)
  return (
    <header class="side">
      <div class="side-top">
        <a class="brand" href="/">
          Sallyport
        </a>
        <button
          type="button"
          class="button menu-button"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          Menu
        </button>
      </div>
      <div id="navigation" class={isOpen ? 'side-body side-open' : 'side-body'}>
        {tenants.value.length < 2 ? null : <TenantChoice />}
        <nav aria-label="Pages">
          {groups.map(([title, entries]) => {
            const shown = entries.filter((entry) => open.includes(entry))
            return shown.length === 0 ? null : (
              <div key={title} class="nav-group">
                <p class="nav-title">{title}</p>
                <ul>
                  {shown.map(({ href, label }) => (
                    <li key={href}>
                      <a href={href} aria-current={path === href || path.startsWith(`${href}/`) ? 'page' : undefined}>
                        {label}
                      </a>
                    </li>
                  ))}
                </ul>
              </div>
            )
          })}
        </nav>
        <Foot />
      </div>
    </header>
  )
}

function TenantChoice() {
  return (
    <label class="side-field">
      <span class="nav-title">Tenant</span>
      <select value={tenant.value} onChange={(event) => chooseTenant(event.currentTarget.value)}>
        {tenants.value.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

const themes: readonly (readonly [Theme, string])[] = [
  ['system', 'Like the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

function Foot() {
  return (
    <div class="side-foot">
      <label class="side-field">
        <span class="nav-title">Colours</span>
        <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
          {themes.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <p>
        <a href="/account" aria-current={place.value.path === '/account' ? 'page' : undefined}>
          {me.value?.name}
        </a>
      </p>
      <p>
        <a href="/docs">API documents</a>
      </p>
      <button type="button" class="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  )
}
