/** The configuration in force, without secrets, and what runs. */
import { describeConfig } from '../../config/describe.ts'
import { hasAdministrator, settledIn } from '../administrators.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import type { AdminParts } from '../parts.ts'
import { shownTime } from '../present.ts'
import { settings } from '../schemas/overview.ts'

export function settingsEndpoints({ config, version, clock, store, live }: AdminParts): readonly Endpoint[] {
  const startedAt = clock.epochMs()
  return [
    endpoint({
      id: 'getSettings',
      route: 'GET /api/settings',
      tag: 'settings',
      summary: 'The configuration in force, with every default and without secrets',
      needs: 'settings:get',
      answer: settings,
      handle: async ({ caller }) => {
        const all = describeConfig(config())
        const isEverywhere = caller.authority.grants.admin.has('tenants:all')
        // Another tenant is nobody's to see.
        const own = (all['tenants'] as readonly { readonly name: string }[]).filter(
          ({ name }) => isEverywhere || name === caller.authority.identity.tenant,
        )
        return {
          data: {
            version,
            node: process.version,
            sqlite: process.versions['sqlite'] ?? null,
            started_at: shownTime(startedAt),
            configuration: { ...all, tenants: own },
            administrators: hasAdministrator(await store.people.administration(), settledIn(live)),
          },
        }
      },
    }),
  ]
}
