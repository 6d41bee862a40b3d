import asyncio

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.test import Client

from gs2.asgi import application
from myapp.models import Line


@pytest.fixture
def headers():
    visitors = {}
    for name in ("ana", "ben", "cy"):
        client = Client()
        client.force_login(get_user_model().objects.create_user(name))
        cookie = "sessionid=" + client.cookies["sessionid"].value
        visitors[name] = [(b"origin", b"http://127.0.0.1:8000"), (b"cookie", cookie.encode())]
    return visitors


async def joined(headers, room):
    browser = WebsocketCommunicator(application, f"ws/chat/{room}/", headers)
    assert await browser.connect() == (True, None)
    return browser


async def lines(browser):
    texts = []
    while not await browser.receive_nothing(0.2):
        texts.append((await browser.receive_json_from())["text"])
    return texts


def test_rooms(headers):
    async def talk():
        ana = await joined(headers["ana"], "tea")
        cy = await joined(headers["cy"], "coffee")
        await asyncio.sleep(0.1)
        await ana.send_json_to({"text": "secret"})
        assert await lines(ana) == ["secret"]
        assert await lines(cy) == []

    asyncio.run(talk())


@pytest.mark.parametrize("count", [1, 3])
def test_history(headers, count):
    async def talk():
        ana = await joined(headers["ana"], "tea")
        for number in range(count):
            await ana.send_json_to({"text": f"line {number}"})
        await lines(ana)
        ben = await joined(headers["ben"], "tea")
        assert await lines(ben) == [f"line {number}" for number in range(count)]

    async_to_sync(talk)()
    assert [line.text for line in Line.objects.order_by("pk")] == [
        f"line {number}" for number in range(count)
    ]


@pytest.mark.asyncio
async def test_database(headers):
    ana = await joined(headers["ana"], "tea")
    await ana.send_json_to({"text": "milk"})
    await ana.receive_json_from()
    assert await sync_to_async(list)(Line.objects.values_list("text", flat=True)) == ["milk"]


@pytest.mark.asyncio
@pytest.mark.parametrize("cookie", [[], [(b"cookie", b"sessionid=forged")]])
async def test_door(cookie):
    visitor = [(b"origin", b"http://127.0.0.1:8000"), *cookie]
    browser = WebsocketCommunicator(application, "/ws/chat/tea/", visitor)
    connected, _ = await browser.connect()
    assert connected is False


@pytest.mark.asyncio
async def test_groups(headers):
    layer = get_channel_layer()
    ana, ben = await joined(headers["ana"], "tea"), await joined(headers["ben"], "tea")
    await ana.send_json_to({"text": "milk"})
    assert (await ben.receive_json_from())["user"] == "ana"
    (group,) = layer.groups
    assert len(layer.groups[group]) == 2
    await ben.disconnect()
    assert len(layer.groups[group]) == 1


@pytest.mark.asyncio
async def test_error(headers):
    ana = await joined(headers["ana"], "tea")
    await ana.send_json_to({"text": 1})
    assert "error" in await ana.receive_json_from()
    await ana.send_json_to({"text": "milk"})
    await asyncio.sleep(0.3)
    assert await Line.objects.acount() == 1


@pytest.mark.asyncio
async def test_count():
    both = []
    for _ in range(2):
        scope = {"type": "websocket", "path": "/ws/sc/", "query_string": b"", "subprotocols": []}
        scope["headers"] = [(b"origin", b"http://localhost")]
        both.append(ApplicationCommunicator(application, scope))
    for browser in both:
        await browser.send_input({"type": "websocket.connect"})
        await browser.receive_output()
    for browser in both:
        await browser.send_input({"type": "websocket.receive", "text": "x"})
    answers = [(await browser.receive_output())["text"] for browser in both]
    assert answers == ["1: x", "1: x"]
