/** Rows Q: the query string. */
import { expect } from 'vitest'
import {
  type Case,
  custom,
  expectNothingForwarded,
  get,
  json,
  passes,
  passesTargets,
  refuses,
  refusesTargets,
  request,
  row,
  type Row,
} from '../case.ts'
import { portOf, send } from '../world.ts'

const invalid = (...targets: readonly string[]) => refusesTargets(400, 'query-invalid', ...targets)

/** As somebody who may read list 3 only. */
const reads = (target: string) => (world: Parameters<ReturnType<typeof get>>[0]) =>
  `GET ${target} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${world.reader.authorization}\r\nConnection: close\r\n\r\n`

const readerSends = (asked: string, target: string): Case =>
  passes(`a reader of list 3 asks ${asked}`, reads(asked), { target })

export const queryRows: readonly Row[] = [
  row(
    'Q01',
    refuses('one list in reach, one out of it', reads('/api/subscribers?list_id=3&list_id=7'), 403, 'list-denied'),
    refuses('the other way round', reads('/api/subscribers?list_id=7&list_id=3'), 403, 'list-denied'),
    invalid('/api/lists?page=1&page=2', '/api/settings?pretty=1&pretty=1', '/api/users?id=1&id=1'),
    passesTargets(['/api/subscribers?list_id=5&list_id=7', '/api/subscribers?list_id=5&list_id=7']),
  ),
  row(
    'Q02',
    invalid('/api/lists?page=5;x=1', '/api/lists?page=5;', '/api/lists?tag=1;tag=7', '/uploads/x?a=1;b=2'),
    refuses('DELETE /api/lists?id=5;', request('DELETE', '/api/lists?id=5;'), 400, 'query-invalid'),
    refuses('DELETE /api/lists?id=5%3b is no id', request('DELETE', '/api/lists?id=5%3b'), 400, 'query-invalid'),
    passesTargets(['/api/lists?tag=5%3bx', '/api/lists?tag=5%3Bx'], ['/uploads/x?a=1%3b', '/uploads/x?a=1%3B']),
  ),
  row(
    'Q03',
    invalid(
      `/api/lists?page=5${'&'.repeat(8_000)}`,
      `/uploads/x?${Array.from({ length: 101 }, (_, at) => `a${at}=1`).join('&')}`,
      `/api/subscribers?list_id=3${'&list_id=3'.repeat(100)}`,
    ),
    passesTargets([
      `/uploads/x?${Array.from({ length: 100 }, (_, at) => `a${at}=1`).join('&')}`,
      `/uploads/x?${Array.from({ length: 100 }, (_, at) => `a${at}=1`).join('&')}`,
    ]),
  ),
  row(
    'Q04',
    invalid('/api/lists?page=%zz', '/api/lists?page=5%', '/uploads/x?x=%ff', '/uploads/x?x=%c0%ae', '/uploads/x?%ff=1'),
    invalid('/uploads/x?x=%ed%a0%80', '/uploads/x?x=%u0041'),
  ),
  row(
    'Q05',
    invalid(
      ...['/api/subscribers?LIST_ID=7', '/api/subscribers?List_id=7', '/api/subscribers?li%C5%BFt_id=7'],
      ...['/api/lists?PAGE=1', '/api/bounces?%C5%BFource=1', '/api/lists?%E2%84%AAey=1'],
      ...['/api/subscribers?list_id=3&List_id=7'],
    ),
  ),
  row(
    'Q06',
    refuses('an escaped name is the name', reads('/api/subscribers?list%5Fid=7'), 403, 'list-denied'),
    refuses('any letter of it', reads('/api/subscribers?%6cist_id=7'), 403, 'list-denied'),
    readerSends('/api/subscribers?list%5Fid=3', '/api/subscribers?list_id=3'),
    refuses('and stands twice', get('/api/lists?page=1&%70age=2'), 400, 'query-invalid'),
  ),
  row(
    'Q07',
    passesTargets(
      ['/uploads/x?q=a+b', '/uploads/x?q=a%20b'],
      ['/uploads/x?q=a%2Bb', '/uploads/x?q=a%2Bb'],
      ['/uploads/x?q=a%20b', '/uploads/x?q=a%20b'],
      ['/uploads/x?a+b=c', '/uploads/x?a%20b=c'],
    ),
  ),
  row(
    'Q08',
    invalid(
      ...['list_id[]=7', 'list_id[0]=7', 'list_id%5B%5D=7', 'f[list_id]=7', 'list_id.0=7', 'list_id%5b0%5d=7'].map(
        (query) => `/api/subscribers?${query}`,
      ),
    ),
  ),
  row(
    'Q09',
    invalid('/api/lists?=7', '/api/lists?&&', '/api/lists?&', '/api/lists?page=5&', '/uploads/x?=', '/uploads/x?&a=1'),
    readerSends('/api/subscribers?list_id', '/api/subscribers?list_id=3'),
    readerSends('/api/subscribers?list_id=', '/api/subscribers?list_id=3'),
    refuses(
      'DELETE /api/lists?id= names no list',
      (world) => Buffer.from(reads('/api/lists?id=')(world).replace('GET', 'DELETE')),
      403,
      'permission-denied',
    ),
    passesTargets(['/uploads/x?', '/uploads/x'], ['/uploads/x?a', '/uploads/x?a='], ['/uploads/x?a=', '/uploads/x?a=']),
  ),
  row(
    'Q10',
    passesTargets(
      ['/uploads/x?a=1?list_id=7', '/uploads/x?a=1%3Flist_id%3D7'],
      ['/uploads/x?a=1%26list_id=7', '/uploads/x?a=1%26list_id%3D7'],
      ['/uploads/x?a=1%3D2', '/uploads/x?a=1%3D2'],
      ['/uploads/x?a=1=2', '/uploads/x?a=1%3D2'],
    ),
  ),
  row(
    'Q11',
    invalid(
      ...['5%00', '5%0a', '5%0d%0a', '5%09', '%7f5', '5%1b'].map((value) => `/api/lists?page=${value}`),
      ...['%205', '5%20', '5+', '+5', '05', '0x5', '%D9%A5', '5.0', '-5', '2147483648'].map(
        (value) => `/api/subscribers?list_id=${value}`,
      ),
    ),
  ),
  row(
    'Q12',
    refuses('POST', json('POST', '/api/lists?name=x', '{"name":"x"}'), 400, 'query-invalid'),
    refuses('PUT', json('PUT', '/api/lists/5?name=x', '{"name":"x"}'), 400, 'query-invalid'),
    refuses('PATCH', json('PATCH', '/api/subscribers/5?lists=7', '{"name":"x"}'), 400, 'query-invalid'),
    refuses(
      'beside a form of the same field',
      request(
        'POST',
        '/api/campaigns/1/preview?template_id=1',
        ['Content-Type: application/x-www-form-urlencoded'],
        'body=x',
      ),
      400,
      'query-invalid',
    ),
  ),
  row(
    'Q13',
    refuses('SQL', reads('/api/subscribers?query=1=1'), 403, 'permission-denied'),
    refuses(
      'SQL behind a comparison',
      reads('/api/subscribers?query=subscribers.id=1%20OR%201=1'),
      403,
      'permission-denied',
    ),
    refuses(
      'SQL in an e-mail',
      reads("/api/subscribers?query=subscribers.email='a'||'@b.test'"),
      403,
      'permission-denied',
    ),
    refuses(
      'SQL in the look-up by e-mail',
      reads("/api/subscribers?email=a'%20OR%201=1--@b.test"),
      400,
      'query-invalid',
    ),
    refuses('a parameter that is not declared', reads('/api/settings?order_by=1'), 403, 'permission-denied'),
    invalid('/api/settings?per_page=all', '/api/templates?order_by=name'),
  ),
  row(
    'Q14',
    ...['access_token', 'api_key', 'token', 'password'].map((name) =>
      custom(`?${name}=`, async (world) => {
        world.witness.forget()
        const bytes = get(`/api/lists?${name}=hush-hush`)
        const { answers, text } = await send(portOf(world), bytes(world))
        expect(answers.map(({ status }) => status)).toEqual([400])
        await expectNothingForwarded(world)
        expect(text + JSON.stringify(world.running.log())).not.toContain('hush-hush')
      }),
    ),
  ),
]
