"""The finished site, spoken to without a server: every ASGI event goes through `application`."""

import asyncio

import pytest
from channels.testing import HttpCommunicator, WebsocketCommunicator

from gs2.asgi import application

pytestmark = pytest.mark.asyncio

# Seconds that an answer may take on a busy machine. Waited out only where a test fails.
REPLY_S = 10

CONSUMERS = ["/ws/sc/", "/ws/ac/"]


# What a browser sends of the page that opens a socket.
OWN_PAGE = [(b"origin", b"http://127.0.0.1")]


async def opened(path: str) -> WebsocketCommunicator:
    """A connection to `path` that the site has accepted."""
    communicator = WebsocketCommunicator(application, path, headers=OWN_PAGE)
    accepted, _ = await communicator.connect(timeout=REPLY_S)
    assert accepted is True
    return communicator


async def answer_to(communicator: WebsocketCommunicator, message: str | bytes) -> str | bytes:
    """What comes back for one message: text for text, bytes for bytes."""
    kind = "text" if isinstance(message, str) else "bytes"
    # Not send_to, which refuses the empty message that a client may send.
    await communicator.send_input({"type": "websocket.receive", kind: message})
    return await communicator.receive_from(timeout=REPLY_S)


async def leave(communicator: WebsocketCommunicator) -> None:
    """Disconnects, and proves that the application ends by itself.

    `WebsocketCommunicator.disconnect` cancels an application that goes on, and says nothing.
    """
    await communicator.send_input({"type": "websocket.disconnect", "code": 1000})
    await asyncio.wait_for(asyncio.shield(communicator.future), REPLY_S)
    assert communicator.output_queue.empty()


async def get(path: str) -> tuple[int, str]:
    """The status and the body that a browser gets."""
    request = HttpCommunicator(application, "GET", path, headers=[(b"host", b"127.0.0.1")])
    response = await request.get_response(timeout=REPLY_S)
    await request.wait(REPLY_S)
    return response["status"], response["body"].decode()


async def test_page_is_answered():
    status, page = await get("/")

    assert status == 200
    assert "<title>gs2</title>" in page
    assert "<h1>gs2</h1>" in page


async def test_websocket_path_is_not_found_over_http():
    status, _ = await get("/ws/hello/")

    assert status == 404


async def test_hello_greets_once_and_ends():
    communicator = await opened("/ws/hello/")

    assert await communicator.receive_from(timeout=REPLY_S) == "hello"

    await leave(communicator)


async def test_hello_ignores_what_it_is_sent():
    communicator = await opened("/ws/hello/")
    assert await communicator.receive_from(timeout=REPLY_S) == "hello"

    await communicator.send_to(text_data="are you there")
    await communicator.send_to(bytes_data=b"\x00")

    await leave(communicator)


async def test_hello_greets_each_of_two():
    ana = await opened("/ws/hello/")
    ben = await opened("/ws/hello/")

    assert await ben.receive_from(timeout=REPLY_S) == "hello"
    assert await ana.receive_from(timeout=REPLY_S) == "hello"

    await leave(ana)
    await leave(ben)


async def test_query_string_is_no_part_of_the_route():
    communicator = await opened("/ws/hello/?name=Ana")

    assert await communicator.receive_from(timeout=REPLY_S) == "hello"

    await leave(communicator)


@pytest.mark.parametrize("path", CONSUMERS)
async def test_consumer_counts_the_messages_of_a_connection(path):
    communicator = await opened(path)

    assert await answer_to(communicator, "tea") == "1: tea"
    assert await answer_to(communicator, "") == "2: "
    assert await answer_to(communicator, "Grüße, 茶") == "3: Grüße, 茶"

    await leave(communicator)


@pytest.mark.parametrize("path", CONSUMERS)
async def test_consumer_answers_bytes_with_bytes_and_goes_on(path):
    communicator = await opened(path)

    assert await answer_to(communicator, b"data") == b"1: data"
    assert await answer_to(communicator, b"") == b"2: "
    assert await answer_to(communicator, b"\x00\xff") == b"3: \x00\xff"
    assert await answer_to(communicator, "tea") == "4: tea"

    await leave(communicator)


@pytest.mark.parametrize("path", CONSUMERS)
@pytest.mark.parametrize(
    ("event", "answer"),
    [
        ({"text": "tea", "bytes": None}, {"text": "1: tea"}),
        ({"text": None, "bytes": b"data"}, {"bytes": b"1: data"}),
        ({"text": "", "bytes": None}, {"text": "1: "}),
    ],
)
async def test_consumer_reads_an_event_that_carries_both_keys(path, event, answer):
    communicator = await opened(path)

    await communicator.send_input({"type": "websocket.receive", **event})

    sent = await communicator.receive_output(timeout=REPLY_S)
    assert sent == {"type": "websocket.send", **answer}
    await leave(communicator)


@pytest.mark.parametrize("path", CONSUMERS)
async def test_consumer_counts_two_connections_apart(path):
    ana = await opened(path)
    ben = await opened(path)

    assert await answer_to(ana, "tea") == "1: tea"
    assert await answer_to(ana, "more tea") == "2: more tea"
    assert await answer_to(ben, "coffee") == "1: coffee"
    assert await answer_to(ana, "cake") == "3: cake"

    await leave(ana)
    await leave(ben)


@pytest.mark.parametrize("path", CONSUMERS)
async def test_consumer_counts_from_one_after_coming_back(path):
    first = await opened(path)
    assert await answer_to(first, "tea") == "1: tea"
    await leave(first)

    second = await opened(path)

    assert await answer_to(second, "tea") == "1: tea"
    await leave(second)


@pytest.mark.parametrize("path", CONSUMERS)
async def test_consumer_ends_when_nothing_was_said(path):
    await leave(await opened(path))


@pytest.mark.parametrize("path", ["/ws/nowhere/", "/ws/hello", "/ws/hello/more/", "/ws/sc", "/"])
async def test_unknown_path_is_refused_politely(path):
    communicator = WebsocketCommunicator(application, path, headers=OWN_PAGE)

    accepted, _ = await communicator.connect(timeout=REPLY_S)

    assert accepted is False
    await asyncio.wait_for(communicator.future, REPLY_S)


@pytest.mark.parametrize("headers", [[], [(b"origin", b"https://elsewhere.example")]])
async def test_page_of_another_site_is_refused(headers):
    communicator = WebsocketCommunicator(application, "/ws/hello/", headers=headers)

    accepted, _ = await communicator.connect(timeout=REPLY_S)

    assert accepted is False


COUNTING = [*CONSUMERS, "/ws/trap/", "/ws/shared/"]


@pytest.fixture
def without_pause(monkeypatch):
    monkeypatch.setattr("myapp.consumers.PAUSE_S", 0)
    monkeypatch.setattr("myapp.trap.PAUSE_S", 0)


@pytest.mark.parametrize("path", COUNTING)
async def test_consumer_counts_when_it_is_asked(path, without_pause):
    ana = await opened(path)

    for last in (3, 1):
        await ana.send_to(f"count {last}")
        frames = [await ana.receive_from(timeout=REPLY_S) for _ in range(last)]
        assert frames == [str(number) for number in range(1, last + 1)]
    await leave(ana)


@pytest.mark.parametrize("path", CONSUMERS)
@pytest.mark.parametrize(
    "text",
    ["count", "count 0", "count 100", "count x", "count -1", "count 3 ", "Count 3", "counter"],
)
async def test_other_texts_are_ordinary_messages(path, text):
    ana = await opened(path)

    assert await answer_to(ana, text) == f"1: {text}"
    assert await answer_to(ana, "tea") == "2: tea"
    await leave(ana)


@pytest.mark.parametrize("text", ["tea", "count", "count x", ""])
async def test_trap_answers_nothing_but_counts(text, without_pause):
    ana = await opened("/ws/trap/")

    for message in (text, "count 1"):
        await ana.send_input({"type": "websocket.receive", "text": message})

    assert await ana.receive_from(timeout=REPLY_S) == "1"
    await leave(ana)


async def test_report_is_made_on_each_subject(monkeypatch):
    monkeypatch.setattr("myapp.reports.REPORT_S", 0)
    ana = await opened("/ws/report/")

    for subject in ("tea", "käse"):
        assert await answer_to(ana, subject) == f"report on {subject}"
    await leave(ana)


@pytest.mark.parametrize("path", ["/echo/", "/race/"])
async def test_page_to_look_at_is_linked_and_answered(path):
    _, front = await get("/")
    status, page = await get(path)

    assert f'href="{path}"' in front
    assert status == 200
    assert "<title>" in page
