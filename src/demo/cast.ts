/** Who plays in the demo, and what they are to show. Data only. */

export interface Player {
  readonly name: string
  readonly tenant: 'default' | 'refusing' | 'silent'
  readonly roles: readonly string[]
  readonly listRoles: readonly string[]
  readonly what: string
}

export const cast: readonly Player[] = [
  {
    name: 'ada',
    tenant: 'default',
    roles: ['reader'],
    listRoles: ['alpha readers'],
    what: 'reads list 3 (Alpha) and nothing else',
  },
  {
    name: 'ben',
    tenant: 'default',
    roles: ['editor'],
    listRoles: ['alpha team'],
    what: 'reads and manages list 3 (Alpha)',
  },
  { name: 'root', tenant: 'default', roles: ['administrator'], listRoles: [], what: 'may do everything' },
  {
    name: 'cy',
    tenant: 'refusing',
    roles: ['administrator'],
    listRoles: [],
    what: 'whose backend refuses connections',
  },
  { name: 'di', tenant: 'silent', roles: ['administrator'], listRoles: [], what: 'whose backend never answers' },
]

export interface Act {
  readonly title: string
  /** What the command prints, in short. */
  readonly shows: string
  readonly command: string
}

/** The commands of the demo, ready to paste. `token` gives a player's token. */
export function acts(url: string, token: (name: string) => string): readonly Act[] {
  const basic = (name: string): string => `-u ${name}:${token(name)}`
  const header = (name: string): string => `-H 'Authorization: token ${name}:${token(name)}'`
  return [
    { title: 'an allowed read', shows: '200, list 3', command: `curl -i ${basic('ada')} ${url}/api/lists/3` },
    {
      title: "an answer narrowed to the caller's lists (root gets everybody from the same line)",
      shows: '200, only the subscribers of list 3',
      command: `curl -i ${header('ada')} ${url}/api/subscribers/export`,
    },
    {
      title: 'a refused list',
      shows: '403 list-denied, data.lists [4]',
      command: `curl -i ${basic('ada')} ${url}/api/lists/4`,
    },
    {
      title: 'a refused permission',
      shows: '403 permission-denied, data.permissions',
      command: `curl -i ${basic('ada')} -X DELETE ${url}/api/templates/1`,
    },
    {
      title: 'a limit: the class `heavy` takes 20 a minute',
      shows: '429 rate-limited from the 21st on',
      command: `for i in $(seq 22); do curl -s -o /dev/null -w '%{http_code} ' ${basic('ben')} ${url}/api/subscribers/export; done; echo`,
    },
    {
      title: 'a backend that refuses connections',
      shows: '502 upstream-refused',
      command: `curl -i ${basic('cy')} -H 'Host: refusing.localhost' ${url}/api/lists/3`,
    },
    {
      title: 'a backend that never answers',
      shows: '504 upstream-timeout, after 1 s',
      command: `curl -i ${basic('di')} -H 'Host: silent.localhost' ${url}/api/lists/3`,
    },
  ]
}
