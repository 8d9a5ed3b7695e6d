import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { initialWorld } from '../../src/demo/backend/world.ts'
import { startGateway, type Running } from '../helpers/gateway.ts'
import { pythonEnvironment, type PythonEnvironment } from './python-environment.ts'

const run = promisify(execFile)

let folder = ''
let environment: PythonEnvironment = { kind: 'missing', what: 'clients', why: 'nothing was installed' }

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sallyport-clients-'))
  environment = await pythonEnvironment(path.join(folder, 'venv'))
  if (environment.kind === 'missing') console.warn(`The Python clients are not tested: ${environment.why}`)
}, 200_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Without Python the test is skipped, in words, on a laptop, and fails where every change is checked; without a package index it is skipped. */
function pythonOf(context: TestContext): string {
  if (environment.kind === 'ready') return environment.python
  if (process.env['CI'] === 'true' && environment.what === 'python') throw new Error(environment.why)
  return context.skip(environment.why)
}

/** What `script` printed: the client's work as a user who keeps subscribers, campaigns, templates and mail of list 3, Alpha. */
async function printed(python: string, script: string, gateway: Running): Promise<string> {
  const user = await gateway.user('py', ['editor', 'content', 'mailer'], ['alpha team'])
  const file = fileURLToPath(new URL(script, import.meta.url))
  const { stdout } = await run(python, [file, gateway.url, user.name, user.token], {
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env['PATH'], HOME: folder, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' },
  })
  return stdout
}

/** Names, addresses and UUIDs that nobody sees who has Alpha alone. Those of b1@example.org (6) are asked for, and echoed. */
function foreignWords(): readonly string[] {
  const { lists, subscribers } = initialWorld()
  return [
    ...[...lists.values()].flatMap(({ id, name, uuid }) => (id === 3 || name === 'Empty' ? [] : [name, uuid])),
    ...[...subscribers.values()].flatMap(({ id, email, uuid, lists: on }) =>
      on.has(3) || id === 6 ? [] : [email, uuid],
    ),
  ]
}

/** `b2@example.org` is not within `ab2@example.org`. */
const foreignIn = (texts: readonly string[]): readonly string[] =>
  foreignWords().filter((word) => {
    const alone = new RegExp(`(?<![a-z0-9])${word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}`)
    return texts.some((text) => alone.test(text))
  })

interface Call {
  readonly call: string
  readonly value: unknown
  readonly status?: number
  readonly code?: string | null
  readonly error?: string
}

/** What a call gave, or how it was refused. */
function outcomeOf({ value, status, code, error }: Call): unknown {
  if (status !== undefined) return `${status} ${code ?? ''}`
  return error ?? value
}

const ofAlpha = [3, 4, 5, 14, 15, 16, 17, 18, 23, 24, 28, 31, 32, 34, 35, 39]

describe('Python clients, as somebody who has one list', () => {
  it('listmonk does all of its work there, and is refused the rest in words', async (context) => {
    const python = pythonOf(context)
    const gateway = await startGateway()
    const report = JSON.parse(await printed(python, 'listmonk_client.py', gateway)) as {
      readonly calls: readonly Call[]
      readonly answers: readonly { readonly text: string }[]
    }

    expect(Object.fromEntries(report.calls.map((call) => [call.call, outcomeOf(call)]))).toEqual({
      'login with a wrong token': '403 credentials-invalid',
      login: true,
      is_healthy: true,

      lists: [3],
      list_by_id: 'Alpha',
      'list_by_id foreign': '403 list-denied',
      create_list: '403 permission-denied',
      update_list: 3,
      'delete_list foreign': '403 list-denied',

      subscribers: ofAlpha,
      'subscribers of a list': ofAlpha,
      'subscribers of a foreign list': '403 list-denied',
      'subscribers by SQL': '403 permission-denied',
      subscriber_by_email: 3,
      'subscriber_by_email foreign': null,
      'subscriber_by_email with a quote': '403 permission-denied',
      subscriber_by_id: 3,
      'subscriber_by_id foreign': null,
      subscriber_by_uuid: 3,
      'subscriber_by_uuid foreign': null,

      create_subscriber: 'new+one@example.org',
      'create_subscriber on a foreign list': '403 list-denied',
      update_subscriber: 'Renamed',
      disable_subscriber: 'disabled',
      enable_subscriber: 'enabled',
      block_subscriber: 'blocklisted',
      'update_subscriber onto a foreign list': '403 list-denied',
      add_subscribers_to_lists: true,
      'add_subscribers_to_lists foreign': '403 list-denied',
      'add_subscribers_to_lists of others': '403 list-denied',
      confirm_optin: true,
      send_transactional_email: true,
      delete_subscriber: true,
      // The look-up finds nobody, so the client asks for nothing.
      'delete_subscriber foreign': false,
      'delete_subscriber foreign by id': '403 list-denied',
      'a subscriber who is on a foreign list too': 14,
      // The client always confirms, and that would confirm Beta too.
      'update_subscriber shared': '403 list-denied',
      'delete_subscriber shared': '403 list-denied',

      campaigns: [2, 3, 4, 7, 10, 11, 17],
      campaign_by_id: 2,
      'campaign_by_id foreign': '403 list-denied',
      campaign_preview_by_id: true,
      'campaign_preview_by_id foreign': '403 list-denied',
      create_campaign: 'May',
      'create_campaign for a foreign list': '403 list-denied',
      update_campaign: 'Good morning',
      test_campaign: true,
      'test_campaign to others': '403 list-denied',
      start_campaign: '403 permission-denied',
      delete_campaign: true,
      'delete_campaign foreign': '403 list-denied',

      templates: [1, 2, 3, 4, 5, 6, 7],
      template_by_id: 1,
      template_preview_by_id: true,
      create_template: 'Frame',
      update_template: 'New frame',
      delete_template: true,
      upload_media: 'pixel.gif',

      'send_transactional_email to a reader': true,
      'send_transactional_email foreign': '403 list-denied',
      'send_transactional_email to two': '422 body-invalid',
      'send_transactional_email to anybody': '403 permission-denied',
      'send_transactional_email with a file': true,
      'send_transactional_email with a file, foreign': '403 list-denied',
    })
    expect(foreignIn(report.answers.map(({ text }) => text))).toEqual([])
    expect(gateway.backend.world().mails.map(([recipient]) => recipient)).toEqual([
      'new+one@example.org',
      'a1@example.org',
      'a1@example.org',
      'a1@example.org',
    ])
  }, 90_000)

  it('listmonk-mcp does the same through its tools', async (context) => {
    const python = pythonOf(context)
    const gateway = await startGateway()
    const { calls } = JSON.parse(await printed(python, 'mcp_client.py', gateway)) as {
      readonly calls: readonly { readonly call: string; readonly outcome: 'ok' | 'refused'; readonly text: string }[]
    }
    const outcomes = calls.map(({ call, outcome, text }) => [call, outcome === 'ok' ? 'ok' : text] as const)

    const foreign = (permission: string) => `Error: AuthenticationError - permission denied: lists 4 (${permission})`
    const outOfReach = 'Error: AuthenticationError - permission denied: not within your lists (list:get)'
    const sends = 'Error: AuthenticationError - permission denied: campaigns:send'
    expect(Object.fromEntries(outcomes)).toEqual({
      check_listmonk_health: 'ok',

      get_mailing_lists: 'ok',
      create_mailing_list: 'Error: AuthenticationError - permission denied: lists:manage_all',
      update_mailing_list: 'ok',
      'update_mailing_list foreign': foreign('list:manage'),
      'delete_mailing_list foreign': foreign('list:manage'),

      get_list_subscribers_tool: 'ok',
      'get_list_subscribers_tool foreign': foreign('list:get'),
      add_subscriber: 'ok',
      'add_subscriber foreign': foreign('list:manage'),
      update_subscriber: 'ok',
      'update_subscriber foreign': outOfReach,
      // It sends the status alone, which listmonk takes from nobody.
      change_subscriber_status: 'Error: ValidationError - Invalid email.',
      send_transactional_email: 'ok',
      'send_transactional_email foreign': outOfReach,
      remove_subscriber: 'ok',
      'remove_subscriber foreign': outOfReach,

      get_campaigns: 'ok',
      get_campaign: 'ok',
      'get_campaign foreign': outOfReach,
      create_campaign: 'ok',
      'create_campaign foreign': foreign('list:get'),
      update_campaign: 'ok',
      replace_in_campaign_body: 'ok',
      schedule_campaign: sends,
      send_campaign: sends,
      'send_campaign foreign': sends,

      get_templates: 'ok',
      get_template: 'ok',
      create_template: 'ok',
      update_template: 'ok',
      delete_template: 'ok',

      get_media_list: 'ok',
      upload_media_file: 'ok',
      // listmonk has no such endpoint.
      rename_media: 'Error: ValidationError - this endpoint does not take this method',
      delete_media_file: 'ok',
    })
    expect(calls.find(({ call }) => call === 'get_mailing_lists')?.text).toMatch(
      /^Found 1 mailing lists:\n- ID: 3 \| Alpha /,
    )
    expect(calls.find(({ call }) => call === 'get_campaigns')?.text).toMatch(/^Found 7 campaigns/)
    expect(foreignIn(calls.map(({ text }) => text))).toEqual([])
  }, 90_000)
})
