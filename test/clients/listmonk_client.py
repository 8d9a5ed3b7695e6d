"""The whole work of the client `listmonk`, as somebody who has list 3 (Alpha) and nothing else: URL, user and token in, a report out."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import listmonk
from recorder import Report

URL, USER, TOKEN = sys.argv[1:]
ALPHA, BETA = 3, 4
ALPHA_UUID = '2e249aaa-ed55-4991-a492-95037f7ef820'
FOREIGN_UUID = '56d4b6be-9c47-4566-ad85-c6fdae55d98f'  # b1@example.org
TX_TEMPLATE = 5

report = Report()
call = report.call


def record(response):
    response.read()
    report.answered(response.request.method, response.request.url, response.status_code, response.text)


# The client opens a connection of its own for each call: all of them are told of here.
plain_init = httpx2.Client.__init__


def init_with_recording(self, *given, **named):
    plain_init(self, *given, event_hooks={'response': [record]}, **named)


httpx2.Client.__init__ = init_with_recording


def ids(things):
    return sorted(thing.id for thing in things)


def id_of(thing):
    return None if thing is None else thing.id


listmonk.set_url_base(URL)
call('login with a wrong token', lambda: listmonk.login(USER, TOKEN[:-1]))
call('login', lambda: listmonk.login(USER, TOKEN))
call('is_healthy', listmonk.is_healthy)

call('lists', listmonk.lists, ids)
call('list_by_id', lambda: listmonk.list_by_id(ALPHA), lambda found: found.name)
call('list_by_id foreign', lambda: listmonk.list_by_id(BETA), id_of)
call('create_list', lambda: listmonk.create_list('A list of my own'), id_of)
call('update_list', lambda: listmonk.update_list(ALPHA, list_name='Alpha', description='Ours'), id_of)
call('delete_list foreign', lambda: listmonk.delete_list(BETA))

call('subscribers', listmonk.subscribers, ids)
call('subscribers of a list', lambda: listmonk.subscribers(list_id=ALPHA), ids)
call('subscribers of a foreign list', lambda: listmonk.subscribers(list_id=BETA), ids)
call('subscribers by SQL', lambda: listmonk.subscribers("subscribers.email LIKE '%' OR true"), ids)
call('subscriber_by_email', lambda: listmonk.subscriber_by_email('a1@example.org'), id_of)
call('subscriber_by_email foreign', lambda: listmonk.subscriber_by_email('b1@example.org'), id_of)
call('subscriber_by_email with a quote', lambda: listmonk.subscriber_by_email("x' OR '1'='1"), id_of)
call('subscriber_by_id', lambda: listmonk.subscriber_by_id(3), id_of)
call('subscriber_by_id foreign', lambda: listmonk.subscriber_by_id(6), id_of)
uuid = getattr(listmonk.subscriber_by_id(3), 'uuid', '')
call('subscriber_by_uuid', lambda: listmonk.subscriber_by_uuid(uuid), id_of)
call('subscriber_by_uuid foreign', lambda: listmonk.subscriber_by_uuid(FOREIGN_UUID), id_of)

NEW = 'new+one@example.org'
new = call(
    'create_subscriber',
    lambda: listmonk.create_subscriber(NEW, 'New One', {ALPHA}, pre_confirm=True, attribs={'city': 'Pune'}),
    lambda made: made.email,
)
call('create_subscriber on a foreign list', lambda: listmonk.create_subscriber('x@example.org', 'X', {ALPHA, BETA}), id_of)
if new is not None:
    new.name = 'Renamed'
    call('update_subscriber', lambda: listmonk.update_subscriber(new), lambda found: found.name)
    call('disable_subscriber', lambda: listmonk.disable_subscriber(new), lambda found: found.status)
    call('enable_subscriber', lambda: listmonk.enable_subscriber(new), lambda found: found.status)
    call('block_subscriber', lambda: listmonk.block_subscriber(new), lambda found: found.status)
    call('update_subscriber onto a foreign list', lambda: listmonk.update_subscriber(new, add_to_lists={BETA}), id_of)
    call('add_subscribers_to_lists', lambda: listmonk.add_subscribers_to_lists([new.id], [ALPHA]))
    call('add_subscribers_to_lists foreign', lambda: listmonk.add_subscribers_to_lists([new.id], [BETA]))
    call('add_subscribers_to_lists of others', lambda: listmonk.add_subscribers_to_lists([6], [ALPHA]))
    call('confirm_optin', lambda: listmonk.confirm_optin(new.uuid, ALPHA_UUID))
    call('send_transactional_email', lambda: listmonk.send_transactional_email(NEW, TX_TEMPLATE))
    call('delete_subscriber', lambda: listmonk.delete_subscriber(NEW))
call('delete_subscriber foreign', lambda: listmonk.delete_subscriber('b1@example.org'))
call('delete_subscriber foreign by id', lambda: listmonk.delete_subscriber(overriding_subscriber_id=6))
shared = call('a subscriber who is on a foreign list too', lambda: listmonk.subscriber_by_id(14), id_of)
if shared is not None:
    call('update_subscriber shared', lambda: listmonk.update_subscriber(shared), id_of)
call('delete_subscriber shared', lambda: listmonk.delete_subscriber(overriding_subscriber_id=14))

call('campaigns', listmonk.campaigns, ids)
call('campaign_by_id', lambda: listmonk.campaign_by_id(2), id_of)
call('campaign_by_id foreign', lambda: listmonk.campaign_by_id(5), id_of)
call('campaign_preview_by_id', lambda: listmonk.campaign_preview_by_id(2), lambda shown: shown.preview != '')
call('campaign_preview_by_id foreign', lambda: listmonk.campaign_preview_by_id(5), id_of)
campaign = call(
    'create_campaign',
    lambda: listmonk.create_campaign('May', 'Hello', {ALPHA}, body='<p>Hello</p>', content_type='html'),
    lambda made: made.name,
)
call('create_campaign for a foreign list', lambda: listmonk.create_campaign('May', 'Hello', {ALPHA, BETA}), id_of)
if campaign is not None:
    campaign.subject = 'Good morning'
    call('update_campaign', lambda: listmonk.update_campaign(campaign), lambda found: found.subject)
    call('test_campaign', lambda: listmonk.test_campaign(campaign.id, ['a1@example.org']))
    call('test_campaign to others', lambda: listmonk.test_campaign(campaign.id, ['b1@example.org']))
    call('start_campaign', lambda: listmonk.start_campaign(campaign.id), id_of)
    call('delete_campaign', lambda: listmonk.delete_campaign(campaign.id))
call('delete_campaign foreign', lambda: listmonk.delete_campaign(5))

call('templates', listmonk.templates, ids)
call('template_by_id', lambda: listmonk.template_by_id(1), id_of)
call('template_preview_by_id', lambda: listmonk.template_preview_by_id(7), lambda shown: shown.preview != '')
template = call(
    'create_template',
    lambda: listmonk.create_template('Frame', '<p>{{ template "content" . }}</p>', type='campaign'),
    lambda made: made.name,
)
if template is not None:
    template.name = 'New frame'
    call('update_template', lambda: listmonk.update_template(template), lambda found: found.name)
    call('delete_template', lambda: listmonk.delete_template(template.id))

# The least GIF there is.
PIXEL = bytes.fromhex('47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b')
call('upload_media', lambda: listmonk.upload_media(PIXEL, 'pixel.gif'), lambda made: made.filename)

call('send_transactional_email to a reader', lambda: listmonk.send_transactional_email('a1@example.org', TX_TEMPLATE))
call('send_transactional_email foreign', lambda: listmonk.send_transactional_email('b1@example.org', TX_TEMPLATE))
call(
    'send_transactional_email to two',
    lambda: listmonk.send_transactional_email(['a1@example.org', 'a2@example.org'], TX_TEMPLATE),
)
call(
    'send_transactional_email to anybody',
    lambda: listmonk.send_transactional_email('who@example.org', TX_TEMPLATE, subscriber_mode='external'),
)
with TemporaryDirectory() as folder:
    file = Path(folder, 'note.txt')
    file.write_text('a note')
    call(
        'send_transactional_email with a file',
        lambda: listmonk.send_transactional_email('a1@example.org', TX_TEMPLATE, attachments=[file]),
    )
    call(
        'send_transactional_email with a file, foreign',
        lambda: listmonk.send_transactional_email('b1@example.org', TX_TEMPLATE, attachments=[file]),
    )

report.print()
