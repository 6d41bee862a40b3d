import pytest
import pytest_asyncio
from channels.auth import UserLazyObject
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore

from myapp import models, routes
from myapp.consumers import MySyncConsumer

site = URLRouter(routes.websocket_urlpatterns)


async def browser_of(user, room="tea"):
    browser = WebsocketCommunicator(site, f"ws/chat/{room}/")
    browser.scope["user"] = user
    browser.scope["session"] = SessionStore()
    await browser.scope["session"].acreate()
    return browser


@pytest_asyncio.fixture
async def ana():
    browser = await browser_of(await User.objects.acreate(username="ana"))
    assert (await browser.connect())[0]
    yield browser
    await browser.disconnect()


@pytest_asyncio.fixture
async def cy():
    browser = await browser_of(await User.objects.acreate(username="cy"), "coffee")
    assert (await browser.connect())[0]
    await browser.send_json_to({"text": "hello"})
    await browser.receive_json_from()
    yield browser
    await browser.disconnect()


@pytest.mark.asyncio
class TestChat:
    async def test_other_room_is_silent(self, ana, cy):
        await ana.send_json_to({"text": "secret"})
        await ana.receive_json_from()
        assert await cy.receive_nothing()

    async def test_history(self, ana):
        for number in range(4):
            await ana.send_json_to({"text": str(number)})
            await ana.receive_json_from()
        ben = await browser_of(await User.objects.acreate(username="ben"))
        await ben.connect()
        texts = [(await ben.receive_json_from())["text"] for _ in range(4)]
        assert "".join(texts) == "0123"

    async def test_kept(self, ana):
        assert not await models.Line.objects.aexists()
        await ana.send_json_to({"text": "milk"})
        await ana.receive_json_from()
        assert [line.text async for line in models.Line.objects.all()] == ["milk"]

    async def test_anonymous(self):
        browser = await browser_of(AnonymousUser())
        assert (await browser.connect())[0] is False

    async def test_leaving(self, ana):
        await ana.send_json_to({"text": "milk"})
        await ana.receive_json_from()
        await ana.disconnect()
        assert sum(len(inside) for inside in get_channel_layer().groups.values()) == 0

    @pytest.mark.parametrize("frame", ["{", "[]", '{"text": ""}'])
    async def test_no_line(self, ana, frame):
        await ana.send_to(frame)
        assert (await ana.receive_json_from()).keys() == {"error"}
        await ana.send_json_to({"text": "milk"})
        assert (await ana.receive_json_from())["text"] == "milk"

    async def test_count(self):
        first = WebsocketCommunicator(MySyncConsumer.as_asgi(), "/anywhere/")
        other = WebsocketCommunicator(MySyncConsumer(), "/anywhere/")
        for browser in (first, other):
            await browser.connect()
            await browser.send_to(bytes_data=b"x")
            assert await browser.receive_from() == b"1: x"
            await browser.send_to("count 1")
            assert await browser.receive_from() == "1"
            await browser.disconnect()


def test_user_is_lazy():
    with pytest.raises(ValueError, match="before it is ready"):
        UserLazyObject().username  # noqa: B018
