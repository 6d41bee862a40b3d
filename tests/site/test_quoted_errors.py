"""Every error text that a lesson page quotes, produced by the mistake that the page names.

A page quotes an error as inline code. Each has an entry here; a text on a page without an entry
fails a test, and so does an entry that no page quotes.
"""

import asyncio
import http.client
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from daphne.cli import CommandLineInterface
from daphne.management.commands.runserver import Command as DaphneRunserver
from daphne.server import Server as DaphneServer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidMessage, InvalidStatus

ROOT = Path(__file__).resolve().parents[2]

# Seconds that an answer may take on a busy machine. Waited out only where a test fails.
REPLY_S = 30

ASGI, ROUTES, CONSUMERS = "gs2/asgi.py", "myapp/routes.py", "myapp/consumers.py"
SETTINGS, CHAT = "gs2/settings.py", "myapp/chat.py"

SET_DEFAULT = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gs2.settings')\n"
HELLO = "consumers.hello"
SYNC_ACCEPTS = '        self.send({"type": "websocket.accept"})'
ASYNC_ACCEPTS = '        await self.send({"type": "websocket.accept"})'

Edit = tuple[str, str, str]


@dataclass(frozen=True)
class Quote:
    """What a page says: this text appears when this is done to the site after lesson `state`.

    scene: how it comes to light, one of SCENES; path and message: what a client asks and says
    """

    lesson: int
    text: str
    state: int
    scene: str
    edits: tuple[Edit, ...] = ()
    path: str = "/"
    message: str | bytes = "tea"


QUOTES = [
    # Lesson 1
    Quote(1, "AttributeError: module 'gs2.asgi' has no attribute 'application'", 0, "daphne"),
    Quote(
        1,
        "ImproperlyConfigured: Requested setting LOGGING_CONFIG, but settings are not configured.",
        1,
        "daphne",
        ((ASGI, SET_DEFAULT, ""),),
    ),
    Quote(
        1,
        "TypeError: get_asgi_application() takes 0 positional arguments",
        1,
        "page",
        ((ASGI, "= get_asgi_application()", "= get_asgi_application"),),
    ),
    Quote(1, "Starting development server", 1, "runserver", ((SETTINGS, '    "daphne",\n', ""),)),
    Quote(1, "Starting ASGI/Daphne version", 1, "runserver"),
    Quote(
        1,
        "(daphne.E001) Daphne must be listed before django.contrib.staticfiles in INSTALLED_APPS.",
        1,
        "runserver",
        (
            (SETTINGS, '    "daphne",\n', ""),
            (SETTINGS, '    "myapp",\n', '    "myapp",\n    "daphne",\n'),
        ),
    ),
    Quote(
        1,
        "CommandError: You have not set ASGI_APPLICATION, which is needed to run the server.",
        1,
        "runserver",
        ((SETTINGS, 'ASGI_APPLICATION = "gs2.asgi.application"\n', ""),),
    ),
    Quote(
        1,
        "Cannot find 'asgi' in ASGI_APPLICATION module gs2",
        1,
        "runserver",
        ((SETTINGS, '"gs2.asgi.application"', '"gs2.asgi"'),),
    ),
    Quote(
        1,
        "Cannot import ASGI_APPLICATION module 'gs2.asgi'",
        1,
        "runserver",
        ((ASGI, "import get_asgi_application", "import get_asgi_aplication"),),
    ),
    # Lesson 2
    Quote(2, "server rejected WebSocket connection: HTTP 500", 1, "refusal", path="/ws/hello/"),
    Quote(
        2,
        "ValueError: Django can only handle ASGI/HTTP connections, not websocket.",
        1,
        "knock",
        path="/ws/hello/",
    ),
    Quote(
        2,
        "ValueError: No application configured for scope type 'websocket'",
        2,
        "knock",
        path="/ws/hello/",
    ),
    Quote(
        2,
        "ImportError: cannot import name 'ProtocalTypeRouter' from 'channels.routing'",
        2,
        "daphne",
        ((ASGI, "import ProtocolTypeRouter", "import ProtocalTypeRouter"),),
    ),
    Quote(
        2,
        "Cannot import ASGI_APPLICATION module 'gs2.asgi'",
        2,
        "runserver",
        ((ASGI, "import ProtocolTypeRouter", "import ProtocalTypeRouter"),),
    ),
    Quote(
        2,
        "ValueError: No application configured for scope type 'http'",
        2,
        "page",
        ((ASGI, '"http"', '"https"'),),
    ),
    Quote(
        2,
        "TypeError: get_asgi_application() takes 0 positional arguments but 3 were given",
        2,
        "page",
        ((ASGI, '"http": application', '"http": get_asgi_application'),),
    ),
    Quote(
        2,
        "NameError: name 'application' is not defined",
        2,
        "daphne",
        ((ASGI, "application = get_asgi_application()\n", ""),),
    ),
    # Lesson 3
    Quote(
        3,
        "ValueError: No application configured for scope type 'websocket'",
        2,
        "knock",
        path="/ws/hello/",
    ),
    Quote(3, "ValueError: No route found for path 'ws/hello'.", 3, "knock", path="/ws/hello"),
    Quote(
        3,
        "ValueError: No route found for path 'ws/hello/'.",
        3,
        "knock",
        ((ROUTES, '"ws/hello/"', '"/ws/hello/"'),),
        path="/ws/hello/",
    ),
    Quote(
        3,
        "TypeError: 'list' object is not callable",
        3,
        "knock",
        ((ASGI, "URLRouter(\n        websocket_urlpatterns\n    )", "websocket_urlpatterns"),),
        path="/ws/hello/",
    ),
    Quote(
        3,
        "TypeError: hello() missing 3 required positional arguments: "
        "'scope', 'receive', and 'send'",
        3,
        "daphne",
        ((ROUTES, HELLO, "consumers.hello()"),),
    ),
    Quote(
        3,
        "AttributeError: 'function' object has no attribute 'as_asgi'",
        3,
        "daphne",
        ((ROUTES, HELLO, "consumers.hello.as_asgi()"),),
    ),
    Quote(
        3,
        "ImportError: cannot import name 'websocket_urlpatterns' from 'myapp.routes'",
        3,
        "daphne",
        ((ROUTES, "websocket_urlpatterns", "urlpatterns"),),
    ),
    Quote(
        3,
        "ModuleNotFoundError: No module named 'consumers'",
        3,
        "daphne",
        ((ROUTES, "from myapp import consumers", "import consumers"),),
    ),
    Quote(
        3,
        "Cannot import ASGI_APPLICATION module 'gs2.asgi'",
        3,
        "runserver",
        ((ROUTES, "from myapp import consumers", "import consumers"),),
    ),
    # Lesson 4
    Quote(
        4,
        "1011 (internal error)",
        4,
        "closed",
        ((CONSUMERS, "websocket_receive", "websocket_recieve"),),
        path="/ws/sc/",
    ),
    Quote(
        4,
        "ValueError: No handler for message type websocket.receive",
        4,
        "say",
        ((CONSUMERS, "websocket_receive", "websocket_recieve"),),
        path="/ws/sc/",
    ),
    Quote(
        4,
        "ValueError: No handler for message type websocket.disconnect",
        4,
        "leave",
        ((CONSUMERS, "websocket_disconnect", "websocket_close"),),
        path="/ws/sc/",
    ),
    Quote(
        4,
        "did not receive a valid HTTP response",
        4,
        "no answer to the handshake",
        ((CONSUMERS, SYNC_ACCEPTS, ""),),
        path="/ws/sc/",
    ),
    Quote(
        4,
        "TypeError: MySyncConsumer() takes no arguments",
        4,
        "knock",
        ((ROUTES, ".as_asgi()", ""),),
        path="/ws/sc/",
    ),
    Quote(
        4,
        "TypeError: AsyncConsumer.as_asgi() takes 1 positional argument but 4 were given",
        4,
        "knock",
        ((ROUTES, ".as_asgi()", ".as_asgi"),),
        path="/ws/sc/",
    ),
    Quote(
        4,
        "AttributeError: 'int' object has no attribute 'encode'",
        4,
        "say",
        ((CONSUMERS, '"text": number + event["text"]', '"text": self.count'),),
        path="/ws/sc/",
    ),
    Quote(
        4,
        "took too long to shut down and was killed",
        4,
        "leave",
        ((CONSUMERS, "raise StopConsumer()", "return StopConsumer()"),),
        path="/ws/sc/",
    ),
    # Lesson 5
    Quote(
        5,
        "TypeError: object NoneType can't be used in 'await' expression",
        5,
        "knock",
        (
            (CONSUMERS, "    async def websocket_connect", "    def websocket_connect"),
            (CONSUMERS, ASYNC_ACCEPTS, SYNC_ACCEPTS),
        ),
        path="/ws/ac/",
    ),
    Quote(
        5,
        "did not receive a valid HTTP response",
        5,
        "no answer to the handshake",
        ((CONSUMERS, ASYNC_ACCEPTS, SYNC_ACCEPTS),),
        path="/ws/ac/",
    ),
    Quote(
        5,
        "did not receive a valid HTTP response",
        5,
        "no answer to the handshake",
        ((CONSUMERS, "(AsyncConsumer)", "(SyncConsumer)"),),
        path="/ws/ac/",
    ),
    Quote(
        5,
        "AttributeError: module 'myapp.consumers' has no attribute 'MyAsyncConsumer'",
        5,
        "daphne",
        ((CONSUMERS, "class MyAsyncConsumer", "class MySyncConsumer"),),
    ),
    Quote(
        5,
        "took too long to shut down and was killed",
        5,
        "leave",
        (
            (
                CONSUMERS,
                "async def websocket_disconnect(self, event: dict) -> None:\n"
                "        raise StopConsumer()",
                "async def websocket_disconnect(self, event: dict) -> None:\n        pass",
            ),
        ),
        path="/ws/ac/",
    ),
    # Lesson 8
    Quote(
        8,
        "1011 (internal error)",
        8,
        "closed",
        (
            (
                CHAT,
                "receive(self, text_data: str | None = None, bytes_data: bytes | None = None)",
                "receive_json(self, content: dict)",
            ),
            (CHAT, "lines.read(text_data, settings.CHAT_LINE_MAX_CHARS)", 'content["text"]'),
        ),
        path="/ws/chat/tea/",
        message="milk",
    ),
    # Lesson 9
    Quote(
        9,
        "ValueError: No handler for message type chat.message",
        9,
        "say",
        ((CHAT, "def chat_message", "def chat_mesage"),),
        path="/ws/chat/tea/",
        message='{"text": "milk"}',
    ),
    Quote(
        9,
        "server rejected WebSocket connection: HTTP 403",
        9,
        "refusal",
        path=f"/ws/chat/{'x' * 60}/",
    ),
]


def named(quote: Quote) -> str:
    return f"{quote.lesson}-{quote.scene}-{quote.text[:48]}"


def page(lesson: int) -> str:
    (readme,) = (ROOT / "lessons").glob(f"{lesson:02}-*/README.md")
    return readme.read_text(encoding="utf-8")


def apply(edits: tuple[Edit, ...], folder: Path) -> Path:
    """The folder, with each edit made in its file."""
    for name, find, put in edits:
        file = folder / name
        text = file.read_text(encoding="utf-8")
        assert find in text, f"{name} has no {find!r}"
        file.write_text(text.replace(find, put), encoding="utf-8")
    return folder


def dial(server, path: str) -> connect:
    """A connection to open with `async with`. No proxy: the server is on this machine."""
    return connect(f"ws://127.0.0.1:{server.port}{path}", proxy=None, open_timeout=REPLY_S)


async def refusal_of(server, path: str) -> str:
    """What the client says of a handshake that fails."""
    with pytest.raises((InvalidStatus, InvalidMessage)) as refusal:
        async with dial(server, path):
            pass  # pragma: no cover
    return str(refusal.value)


async def ask(server, path: str, message: str | bytes) -> str | bytes:
    """What comes back for one message, over a connection of its own."""
    async with dial(server, path) as client:
        await client.send(message)
        return await asyncio.wait_for(client.recv(), REPLY_S)


async def closing_of(server, path: str, message: str | bytes) -> str:
    """What the client says of a connection that its message has ended."""
    with pytest.raises(ConnectionClosedError) as closing:
        await ask(server, path, message)
    return str(closing.value)


async def come_and_leave(server, path: str) -> None:
    async with dial(server, path):
        pass


def get(server, path: str) -> int:
    """The status of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=REPLY_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def seen_by_client(server, quote: Quote) -> str | None:
    """What the client says, in the scenes in which the text is the client's."""
    if quote.scene in ("refusal", "no answer to the handshake"):
        return asyncio.run(refusal_of(server, quote.path))
    if quote.scene == "closed":
        return asyncio.run(closing_of(server, quote.path, quote.message))
    return None


def play(server, quote: Quote) -> None:
    """Does what makes the server write the text."""
    if quote.scene == "page":
        assert get(server, quote.path) == 500
    elif quote.scene == "knock":
        assert asyncio.run(refusal_of(server, quote.path)).endswith("HTTP 500")
    elif quote.scene == "say":
        assert "1011" in asyncio.run(closing_of(server, quote.path, quote.message))
    elif quote.scene == "leave":
        asyncio.run(come_and_leave(server, quote.path))


@pytest.mark.parametrize("quote", QUOTES, ids=named)
def test_quoted_text_is_what_appears(
    quote: Quote,
    compose: Callable[[int], Path],
    start_daphne: Callable,
    start_runserver: Callable,
):
    folder = apply(quote.edits, compose(quote.state))
    if quote.scene == "runserver":
        server = start_runserver(folder)
    else:
        # Daphne's own limits are 5 and 10 seconds, as another test shows.
        limits = ("--websocket_connect_timeout", "2", "--application-close-timeout", "1")
        server = start_daphne(folder, *limits)

    said = seen_by_client(server, quote)
    if said is not None:
        assert quote.text in said
        return

    play(server, quote)
    assert any(quote.text in line for line in server.lines) or server.wait_for(quote.text)


SILENT = [
    (4, ((CONSUMERS, SYNC_ACCEPTS, ""),), "/ws/sc/"),
    (5, ((CONSUMERS, ASYNC_ACCEPTS, SYNC_ACCEPTS),), "/ws/ac/"),
    (5, ((CONSUMERS, "(AsyncConsumer)", "(SyncConsumer)"),), "/ws/ac/"),
]


@pytest.mark.parametrize(("state", "edits", "path"), SILENT)
def test_missing_accept_prints_nothing(state, edits, path, compose, start_daphne):
    folder = apply(edits, compose(state))
    server = start_daphne(folder, "--websocket_connect_timeout", "2")

    asyncio.run(refusal_of(server, path))

    assert_nothing_told(server)


UNANSWERED = [
    (4, ((CONSUMERS, '"text": number +', '"message": number +'),), "/ws/sc/"),
    (4, ((CONSUMERS, '"websocket.send", "text"', '"websocket.sned", "text"'),), "/ws/sc/"),
    (
        5,
        (
            (
                CONSUMERS,
                'await self.send({"type": "websocket.send", "text"',
                'self.send({"type": "websocket.send", "text"',
            ),
        ),
        "/ws/ac/",
    ),
]


@pytest.mark.parametrize(("state", "edits", "path"), UNANSWERED)
def test_unsent_answer_prints_nothing(state, edits, path, compose, start_daphne):
    server = start_daphne(apply(edits, compose(state)))

    async def ask_twice() -> str | bytes:
        async with dial(server, path) as client:
            await client.send("tea")
            await client.send(b"marker")
            return await asyncio.wait_for(client.recv(), REPLY_S)

    # The second answer comes first: so the first was never sent.
    assert asyncio.run(ask_twice()) == b"2: marker"
    assert_nothing_told(server)


def assert_nothing_told(server) -> None:
    """The server, once stopped, has written nothing but the lines of its connections."""
    server.stop()
    server.wait_for("no line holds this")
    told = "\n".join(server.lines)
    assert not re.search(r"Error|WARNING|Warning|never awaited|Traceback", told), told


def test_shared_instance_gives_one_client_the_answers_of_the_other(compose, start_daphne):
    edits = ((ROUTES, "MySyncConsumer.as_asgi()", "MySyncConsumer()"),)
    server = start_daphne(apply(edits, compose(4)))

    async def two_clients() -> str | bytes:
        async with dial(server, "/ws/sc/") as ana, dial(server, "/ws/sc/") as ben:
            await ana.send("tea")
            return await asyncio.wait_for(ben.recv(), REPLY_S)

    assert asyncio.run(two_clients()) == "1: tea"


def test_error_in_one_connection_spares_the_other(compose, start_daphne):
    """Lesson 4, "Try next"."""
    count = "        self.count += 1\n"
    bang = f'{count}        assert event["text"] != "bang"\n'
    server = start_daphne(apply(((CONSUMERS, count, bang),), compose(4)))

    async def bang_beside_another() -> str | bytes:
        async with dial(server, "/ws/sc/") as ben:
            await closing_of(server, "/ws/sc/", "bang")
            await ben.send("tea")
            return await asyncio.wait_for(ben.recv(), REPLY_S)

    assert asyncio.run(bang_beside_another()) == "1: tea"


def test_second_application_under_another_name_is_never_called(compose, start_daphne):
    edits = ((ASGI, "application = ProtocolTypeRouter", "router = ProtocolTypeRouter"),)
    server = start_daphne(apply(edits, compose(2)))

    asyncio.run(refusal_of(server, "/ws/hello/"))

    assert server.wait_for("Django can only handle ASGI/HTTP connections, not websocket.")


def test_waits_are_as_long_as_the_pages_say():
    command_line = CommandLineInterface().parser
    runserver = DaphneRunserver().create_parser("manage.py", "runserver")
    signature = inspect.signature(DaphneServer.__init__)

    assert command_line.get_default("websocket_connect_timeout") == 5
    assert runserver.get_default("websocket_handshake_timeout") == 5
    assert command_line.get_default("application_close_timeout") == 10
    assert signature.parameters["application_close_timeout"].default == 10
    assert "nothing for about five seconds" in page(4)
    assert "nothing for about five seconds" in page(5)
    assert "ten seconds after a client has left" in page(4)
    assert "ten seconds after a client has left" in page(5)


ERROR_TEXT = re.compile(r"\w+Error: |\w+Configured: |Cannot |\(\w+\.E\d+\)|\(internal error\)")


@pytest.mark.parametrize("lesson", [*range(1, 6), 8, 9])
def test_pages_and_quotes_name_the_same_texts(lesson):
    quoted = {quote.text for quote in QUOTES if quote.lesson == lesson}
    prose = re.sub(r"^```.*?^```", "", page(lesson), flags=re.DOTALL | re.MULTILINE)
    spans = {re.sub(r"\s+", " ", span) for span in re.findall(r"`([^`]+)`", prose)}

    assert quoted <= spans
    assert {span for span in spans if ERROR_TEXT.search(span)} <= quoted


def test_environment_overrules_the_default_settings(compose, start_daphne):
    """Lesson 1, "Try next": `setdefault` keeps the name that is there, even a useless one."""
    source = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'nowhere'\n"
    server = start_daphne(apply(((ASGI, "import os\n", source + "import os\n"),), compose(1)))

    assert server.port is None
    assert any("No module named 'nowhere'" in line for line in server.lines)


def test_router_keeps_django_behind_http(compose):
    """Lesson 2, step 4: what the command prints."""
    program = "from gs2.asgi import application; print(application.application_mapping)"
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}

    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=compose(2),
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout

    assert printed.startswith("{'http': <django.core.handlers.asgi.ASGIHandler object at ")
