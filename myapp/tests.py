"""What the site promises. Each test fails where its promise is broken."""

import pytest
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator

from gs2.asgi import application
from myapp.models import Line

pytestmark = pytest.mark.asyncio

# How the browser of somebody comes who has not logged in: from a page of this site.
NOBODY = [(b"origin", b"http://127.0.0.1")]


async def opened(path, headers):
    """A connection that the site has accepted."""
    browser = WebsocketCommunicator(application, path, headers)
    is_open, _ = await browser.connect()
    assert is_open
    return browser


async def say(browser, text):
    """Say a line, and hear it."""
    await browser.send_json_to({"text": text})
    assert await heard(browser) == text


async def heard(browser):
    """The text of the line that comes next."""
    return (await browser.receive_json_from())["text"]


async def test_rooms_are_separate(log_in):
    ana = await opened("/ws/chat/tea/", await log_in("ana"))
    cy = await opened("/ws/chat/coffee/", await log_in("cy"))
    await say(cy, "hello")  # by now Cy is in his room
    await say(ana, "secret")
    await say(cy, "marker")  # heard next: no secret came before it


async def test_line_that_was_heard_is_in_the_database(log_in):
    ana = await opened("/ws/chat/tea/", await log_in("ana"))
    await say(ana, "milk")
    assert await Line.objects.filter(user="ana", text="milk").aexists()


async def test_line_is_kept_once(log_in):
    ana = await opened("/ws/chat/tea/", await log_in("ana"))
    await say(ana, "milk")
    ben = await opened("/ws/chat/tea/", await log_in("ben"))
    assert await heard(ben) == "milk"
    await say(ben, "marker")  # heard next: no second milk stands between


async def test_last_lines_come_in_order(log_in):
    ana = await opened("/ws/chat/tea/", await log_in("ana"))
    await say(ana, "one")
    await say(ana, "two")
    ben = await opened("/ws/chat/tea/", await log_in("ben"))
    assert [await heard(ben), await heard(ben)] == ["one", "two"]


async def test_nobody_is_let_in_without_log_in():
    cy = WebsocketCommunicator(application, "/ws/chat/tea/", NOBODY)
    is_open, _ = await cy.connect()
    assert not is_open


async def test_who_leaves_is_gone_from_the_layer(log_in):
    ana = await opened("/ws/chat/tea/", await log_in("ana"))
    await say(ana, "milk")
    assert get_channel_layer().groups
    await ana.disconnect()
    assert not get_channel_layer().groups


async def test_no_line_is_an_error_and_the_connection_stays(log_in):
    ana = await opened("/ws/chat/tea/", await log_in("ana"))
    await ana.send_to("this is no JSON")
    assert "error" in await ana.receive_json_from()
    await say(ana, "still here")


async def test_connections_count_apart():
    ana, ben = await opened("/ws/sc/", NOBODY), await opened("/ws/sc/", NOBODY)
    for browser in (ana, ben):
        await browser.send_to("tea")
        assert await browser.receive_from() == "1: tea"
