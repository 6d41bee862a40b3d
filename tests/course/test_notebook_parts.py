"""What the notebooks stand on: states in folders of their own, tapes, pictures, the way."""

import os
import subprocess
import sys

import pytest
from channels.auth import AuthMiddlewareStack
from channels.consumer import AsyncConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.testing import WebsocketCommunicator
from django.urls import path, re_path

from coach import course
from coach.asgi import websocket_scope
from coach.notebook import draw
from coach.notebook.client import rebuilt
from coach.notebook.exercise import judge
from coach.notebook.picture import twins
from coach.notebook.state import State
from coach.notebook.tape import Tape

SITE = State(course.state(3))


# -- states ---------------------------------------------------------------------------------------


def test_state_is_the_site_after_its_lesson():
    there = {
        one.relative_to(SITE.folder).as_posix(): one.read_bytes()
        for one in SITE.folder.rglob("*")
        if one.is_file() and "__pycache__" not in one.parts
    }
    assert there == course.state(3)
    assert SITE.file("gs2/asgi.py") == course.state(3)["gs2/asgi.py"].decode()


def test_other_files_leave_a_state_as_it_is():
    less = SITE.without("gs2/asgi.py", "import os")
    other = SITE.edited("gs2/asgi.py", "gs2.settings", "gs2.elsewhere")
    assert "import os\n" not in less.file("gs2/asgi.py")
    assert "gs2.elsewhere" in other.file("gs2/asgi.py")
    assert SITE.tree == course.state(3)
    assert len({SITE.folder, less.folder, other.folder}) == 3


@pytest.mark.parametrize(("line", "count"), [("import sys", 0), ("application", 0), ("", 6)])
def test_line_that_does_not_stand_there_once_is_said(line, count):
    with pytest.raises(LookupError, match=f"gs2/asgi.py has {count} lines '{line}', not one."):
        SITE.without("gs2/asgi.py", line)


def test_visitors_meet_what_the_site_does():
    assert SITE.knock("/ws/hello/", "tea").events == [
        "websocket.accept", 'websocket.send text="hello"',
    ]  # fmt: skip
    assert SITE.knock("/ws/hello").error == "ValueError: No route found for path 'ws/hello'."
    assert SITE.get("/").events[0] == "http.response.start status=200"


def test_answers_to_every_message_are_heard():
    met = State(course.state(4)).knock("/ws/sc/", "tea", "milk")
    assert met.events[1:] == ['websocket.send text="1: tea"', 'websocket.send text="2: milk"']
    assert met.error == ""


def test_error_is_the_first_of_its_chain():
    """A module that cannot be imported, not what Django makes of that."""
    broken = SITE.edited("myapp/consumers.py", '"""What answers', 'import nowhere\n"""What answers')
    assert broken.knock("/ws/hello/").error == "ModuleNotFoundError: No module named 'nowhere'"


def test_environment_changes_nothing(monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "nowhere")
    monkeypatch.setenv("PYTHONPATH", str(course.ROOT))
    assert SITE.get("/").error == ""
    said = SITE.python("import gs2; print(gs2.__file__)").output
    assert said.startswith(str(SITE.folder))


def test_processes_of_its_own_say_what_they_print():
    assert SITE.python("print('tea')").output == "tea\n"
    assert str(SITE.python("1 / 0")) == "ZeroDivisionError: division by zero"
    assert "no issues" in SITE.manage("check").output
    named = SITE.python("import os; print(os.environ['TEA'])", TEA="green")
    assert named.output == "green\n"


@pytest.mark.asyncio
async def test_daphne_serves_the_state_to_users_who_are_logged_in():
    site = State(course.state(11))
    site.log_in("Ana")
    keys = site.log_in("Ana", "Ben")  # again, without harm
    with site.daphnes(2) as servers:
        assert len({server.port for server in servers}) == 2
        for server in servers:
            status, body = await server.get("/")
            assert (status, "<html" in body) == (200, True)
        async with servers[0].connect("/ws/chat/tea/", keys["Ana"]) as ana:
            await ana.send('{"text": "hello"}')
            assert '"Ana"' in await ana.recv()


def test_folder_of_a_state_goes_with_its_process(tmp_path):
    code = "from coach.notebook.state import state; print(state(1).folder)"
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=course.ROOT, env=environ, capture_output=True, check=True
    )
    assert str(tmp_path).encode() in ran.stdout
    assert not [*tmp_path.iterdir()]


def test_kernel_imports_its_first_state_and_not_the_course():
    """In the folder of the notebooks, as Jupyter runs them."""
    code = (
        "from course import state; first = state(3); second = state(13); import myapp.routes, sys;"
        "assert myapp.routes.__file__.startswith(str(first.folder)); assert state(3) is first;"
        f"assert {str(course.ROOT)!r} not in sys.path;"
        "print(len(myapp.routes.websocket_urlpatterns))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=course.ROOT / "notebooks", capture_output=True,
        encoding="utf-8", check=False, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == ("1\n", "")


# -- tapes and pictures ---------------------------------------------------------------------------


async def polite(scope, receive, send):
    """Accepts, answers one message, and ends."""
    await receive()
    await send({"type": "websocket.accept"})
    event = await receive()
    await send({"type": "websocket.send", "text": event["text"].upper()})


@pytest.mark.asyncio
async def test_tape_holds_every_event_in_order():
    tape = Tape()
    ana = WebsocketCommunicator(tape.of(polite, "Ana"), "/")
    await ana.connect()
    await ana.send_to(text_data="tea")
    await ana.receive_from()
    await ana.wait()

    assert str(tape).splitlines() == [
        "Ana → websocket.connect", "Ana ← websocket.accept",
        'Ana → websocket.receive text="tea"', 'Ana ← websocket.send text="TEA"',
    ]  # fmt: skip
    drawn = draw.lanes(tape)
    assert drawn.text == str(tape)
    assert drawn.data[2] == ("Ana", "→", "websocket.receive")
    assert "data:image/svg+xml" in drawn._repr_html_()
    assert "websocket.accept" in drawn._repr_html_()  # in words, too


def test_sets_and_bars_say_what_they_draw():
    groups = draw.sets({"tea": {"Ben", "Ana"}, "coffee": set()})
    assert groups.data == {"tea": ["Ana", "Ben"], "coffee": []}
    assert groups.text == "tea: {Ana, Ben}\ncoffee: {}"
    assert draw.sets({}).text == "no groups"
    assert draw.bars({"1 process": 100, "4 processes": 150}, "lines").data["4 processes"] == 1.5


def test_twins_pair_the_lines_that_differ():
    pairs = twins("a\nb\nc\n", "a\nB\nBB\nc\n", ("one", "other"))
    assert pairs.data == [("b", "B"), ("", "BB")]
    assert "-b\n+B\n+BB" in pairs.text


@pytest.mark.parametrize(
    ("yours", "said"), [(..., "Not answered yet"), (3, "Yes: 3."), (4, "You wrote 4, and that")]
)
def test_answer_is_judged(yours, said, capsys):
    judge(yours, 3)
    assert capsys.readouterr().out.startswith(said)


# -- the way --------------------------------------------------------------------------------------


class Ends(AsyncConsumer):
    """A consumer that says where it was reached."""


def ending(name: str):
    async def application(scope, receive, send):
        await send({"type": "ended", "at": name})

    application.__name__ = name
    return application


INNER = URLRouter([path("rooms/<slug:room>/", ending("room")), path("", ending("lobby"))])
ROUTED = ProtocolTypeRouter({
    "http": ending("page"),
    "websocket": AuthMiddlewareStack(URLRouter([
        path("ws/echo/", ending("echo")),
        re_path(r"^ws/n/(?P<number>\d+)/$", ending("number")),
        path("ws/echo/", ending("never")),
        path("ws/chat/", INNER),
        path("ws/class/", Ends.as_asgi()),
    ])),
})  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "visited",
    ["/ws/echo/", "/ws/echo/?a=1", "/ws/echo", "/ws/n/12/", "/ws/n/x/", "/ws/chat/",
     "/ws/chat/rooms/tea/", "/ws/chat/rooms/a b/", "/", "//ws/echo/"],
)  # fmt: skip
async def test_way_that_is_drawn_is_the_one_that_is_taken(visited):
    sent = []

    async def send(event):
        sent.append(event["at"])

    try:
        await ROUTED(rebuilt(websocket_scope(visited)), None, send)
    except ValueError:
        sent.append("no route: ValueError")
    assert draw.way(ROUTED, visited).data[-1:] == sent


def test_way_names_wrappers_consumers_and_what_is_captured():
    labels = draw.way(ROUTED, "/ws/class/").data
    assert labels[2:5] == ["CookieMiddleware", "SessionMiddleware", "AuthMiddleware"]
    assert labels[-1] == "Ends"
    assert "'rooms/<slug:room>/' · room='tea'" in "".join(
        label.replace('"', "'") for label in draw.way(ROUTED, "/ws/chat/rooms/tea/").data
    )
    assert draw.way(ROUTED, "/", "lifespan").data[-1] == 'no key "lifespan": ValueError'
