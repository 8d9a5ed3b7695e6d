"""The tools of the MCP server `listmonk-mcp`, over stdio, as somebody who has list 3 (Alpha): URL, user and token in, a report out."""

import asyncio
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from recorder import Report

URL, USER, TOKEN = sys.argv[1:]
ALPHA, BETA = 3, 4
TX_TEMPLATE = 5

report = Report()


def number_in(text):
    found = re.search(r'ID: (\d+)', text)
    return int(found.group(1)) if found else 0


async def work(session, folder):
    async def call(tool, shown=None, /, **arguments):
        result = await session.call_tool(tool, arguments)
        text = '\n'.join(getattr(part, 'text', '') for part in result.content)
        refused = result.isError or re.match(r'(?:Unexpected e|E)rror', text) is not None
        report.calls.append({'call': shown or tool, 'outcome': 'refused' if refused else 'ok', 'text': text})
        return text

    await call('check_listmonk_health')

    await call('get_mailing_lists')
    await call('create_mailing_list', name='A list of my own')
    await call('update_mailing_list', list_id=ALPHA, name='Alpha', description='Ours')
    await call('update_mailing_list', 'update_mailing_list foreign', list_id=BETA, description='Ours')
    await call('delete_mailing_list', 'delete_mailing_list foreign', list_id=BETA)

    await call('get_list_subscribers_tool', list_id=ALPHA)
    await call('get_list_subscribers_tool', 'get_list_subscribers_tool foreign', list_id=BETA)
    new = number_in(await call('add_subscriber', email='new@example.org', name='New', lists=[ALPHA]))
    await call('add_subscriber', 'add_subscriber foreign', email='x@example.org', name='X', lists=[ALPHA, BETA])
    await call('update_subscriber', subscriber_id=new, email='new@example.org', name='Renamed', lists=[ALPHA])
    await call('update_subscriber', 'update_subscriber foreign', subscriber_id=6, email='b1@example.org', lists=[ALPHA])
    await call('change_subscriber_status', subscriber_id=new, status='disabled')
    await call('send_transactional_email', subscriber_email='new@example.org', template_id=TX_TEMPLATE)
    await call(
        'send_transactional_email',
        'send_transactional_email foreign',
        subscriber_email='b1@example.org',
        template_id=TX_TEMPLATE,
    )
    await call('remove_subscriber', subscriber_id=new)
    await call('remove_subscriber', 'remove_subscriber foreign', subscriber_id=6)

    await call('get_campaigns')
    await call('get_campaign', campaign_id=2)
    await call('get_campaign', 'get_campaign foreign', campaign_id=5)
    made = number_in(
        await call('create_campaign', name='May', subject='Hello', lists=[ALPHA], content_type='html', body='<p>Hello</p>')
    )
    await call('create_campaign', 'create_campaign foreign', name='May', subject='Hello', lists=[ALPHA, BETA])
    await call('update_campaign', campaign_id=made, name='June', subject='Hello', body='<p>Hello, all</p>')
    await call('replace_in_campaign_body', campaign_id=made, search='Hello', replace='Good morning')
    await call('schedule_campaign', campaign_id=made, send_at='2030-01-01T09:00:00Z')
    await call('send_campaign', campaign_id=made)
    await call('send_campaign', 'send_campaign foreign', campaign_id=5)

    await call('get_templates')
    await call('get_template', template_id=1)
    frame = number_in(await call('create_template', name='Frame', body='<p>{{ template "content" . }}</p>'))
    await call('update_template', template_id=frame, name='New frame')
    await call('delete_template', template_id=frame)

    file = Path(folder, 'pixel.gif')
    # The least GIF there is.
    file.write_bytes(bytes.fromhex('47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b'))
    await call('get_media_list')
    media = number_in(await call('upload_media_file', file_path=str(file), title='A pixel'))
    await call('rename_media', media_id=media, new_title='Pixel')
    await call('delete_media_file', media_id=media)


async def main():
    server = StdioServerParameters(
        command=sys.executable,
        args=['-m', 'listmonk_mcp.server'],
        env={'LISTMONK_MCP_URL': URL, 'LISTMONK_MCP_USERNAME': USER, 'LISTMONK_MCP_PASSWORD': TOKEN},
    )
    with TemporaryDirectory() as folder:
        async with stdio_client(server) as (reading, writing), ClientSession(reading, writing) as session:
            await session.initialize()
            await work(session, folder)
    report.print()


asyncio.run(main())
