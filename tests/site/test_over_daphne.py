"""The finished site behind a real Daphne, with a real browser's protocols: HTTP and WebSocket."""

import asyncio
import http.client

import chatroom
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

# Seconds that an answer may take on a busy machine. Waited out only where a test fails.
REPLY_S = 30

CONSUMERS = ["/ws/sc/", "/ws/ac/"]


def dial(daphne, path: str) -> connect:
    """A connection to open with `async with`, as a page of the site opens it."""
    return chatroom.dial(daphne.port, path)


async def answer_to(client: ClientConnection, message: str | bytes) -> str | bytes:
    """What comes back for one message: text for text, bytes for bytes."""
    await client.send(message)
    return await asyncio.wait_for(client.recv(), REPLY_S)


def get(daphne, path: str) -> tuple[int, str]:
    """The status and the body that a browser gets."""
    connection = http.client.HTTPConnection("127.0.0.1", daphne.port, timeout=REPLY_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_page_is_served(daphne):
    status, page = get(daphne, "/")

    assert status == 200
    assert "<title>gs2</title>" in page
    assert "<h1>gs2</h1>" in page


@pytest.mark.parametrize("path", ["/ws/hello/", "/ws/sc/", "/ws/ac/", "/nowhere/"])
def test_address_bar_gets_not_found(daphne, path):
    status, _ = get(daphne, path)

    assert status == 404


@pytest.mark.asyncio
async def test_hello_greets(daphne):
    async with dial(daphne, "/ws/hello/") as client:
        assert await asyncio.wait_for(client.recv(), REPLY_S) == "hello"


@pytest.mark.asyncio
async def test_query_string_is_no_part_of_the_route(daphne):
    async with dial(daphne, "/ws/hello/?name=Ana") as client:
        assert await asyncio.wait_for(client.recv(), REPLY_S) == "hello"


@pytest.mark.asyncio
@pytest.mark.parametrize("path", CONSUMERS)
async def test_consumer_counts_and_answers_in_kind(daphne, path):
    async with dial(daphne, path) as client:
        assert await answer_to(client, "tea") == "1: tea"
        assert await answer_to(client, "") == "2: "
        assert await answer_to(client, b"data") == b"3: data"
        assert await answer_to(client, b"") == b"4: "
        assert await answer_to(client, "more tea") == "5: more tea"
    assert client.close_code == 1000


@pytest.mark.asyncio
@pytest.mark.parametrize("path", CONSUMERS)
async def test_consumer_counts_two_connections_apart(daphne, path):
    async with dial(daphne, path) as ana, dial(daphne, path) as ben:
        assert await answer_to(ana, "tea") == "1: tea"
        assert await answer_to(ana, "more tea") == "2: more tea"
        assert await answer_to(ben, "coffee") == "1: coffee"


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/ws/nowhere/", "/ws/hello"])
async def test_unknown_path_is_http_403_at_the_client(daphne, path):
    with pytest.raises(InvalidStatus) as refusal:
        async with dial(daphne, path):
            pass  # pragma: no cover

    assert refusal.value.response.status_code == 403


@pytest.mark.asyncio
async def test_unknown_path_leaves_the_site_running(daphne):
    with pytest.raises(InvalidStatus):
        async with dial(daphne, "/ws/nowhere/"):
            pass  # pragma: no cover

    status, _ = get(daphne, "/")

    assert status == 200
