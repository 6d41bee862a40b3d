"""The site's files: the last state is the finished site, its asgi.py the file in question, and the
two branches are twins."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAST_LESSON = 13

# The file that the first question of the course is about.
QUESTION = """\
import os

from django.core.asgi import get_asgi_application

from channels.routing import URLRouter,ProtocolTypeRouter
from myapp.routes import websocket_urlpatterns


os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gs2.settings')

application = get_asgi_application()

application = ProtocolTypeRouter({
    "http":application,
    "websocket": URLRouter(
        websocket_urlpatterns
    )
})
"""


def files(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, by its path there; what Python and SQLite leave behind apart."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.name != "db.sqlite3"
    }


def code_lines(source: str) -> list[str]:
    """The lines that do something, with spaces that mean nothing taken out."""
    lines = [line.replace(" ", "") for line in source.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", '"""'))]


def test_last_state_is_the_finished_site(compose):
    composed = files(compose(LAST_LESSON))

    finished = {
        "manage.py": (ROOT / "manage.py").read_bytes(),
        **{f"gs2/{name}": held for name, held in files(ROOT / "gs2").items()},
        **{f"myapp/{name}": held for name, held in files(ROOT / "myapp").items()},
    }
    assert composed == finished


@pytest.mark.parametrize("number", [3, 4, 5, 6])
def test_asgi_file_is_the_question_line_for_line(compose, number):
    source = (compose(number) / "gs2/asgi.py").read_text(encoding="utf-8")

    assert code_lines(source) == code_lines(QUESTION)


@pytest.mark.parametrize(("number", "sleeps"), [(5, []), (7, ["asyncio", "time"])])
def test_two_consumers_differ_in_four_words_and_how_they_sleep(compose, number, sleeps):
    source = (compose(number) / "myapp/consumers.py").read_text(encoding="utf-8")
    start, middle = source.index("class MySync"), source.index("class MyAsync")
    sync, asynchronous = source[start:middle].strip(), source[middle:].strip()

    plain = asynchronous.replace("async ", "").replace("await ", "")
    plain = plain.replace("MyAsyncConsumer", "MySyncConsumer")
    plain = plain.replace("AsyncConsumer", "SyncConsumer")

    if sleeps:
        assert f"{sleeps[0]}.sleep(" in asynchronous
        assert f"{sleeps[1]}.sleep(" in sync
        plain = plain.replace(*(f"{module}.sleep(" for module in sleeps))
    assert plain == sync


# -- the two branches -----------------------------------------------------------------------------

SYNC, ASYNC = (ROOT / "solutions" / branch for branch in ("sync", "async"))
TWINS = sorted(path.name for path in ASYNC.iterdir())


def names(source: str) -> list[tuple[str, list[str]]]:
    """The classes of a module in order, each with what it defines, in order."""
    return [
        (one.name, [name for part in one.body for name in defined(part)])
        for one in ast.parse(source).body
        if isinstance(one, ast.ClassDef)
    ]


def defined(part: ast.stmt) -> list[str]:
    """The names that a statement in the body of a class defines, a method with its parameters."""
    match part:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [f"{part.name}({ast.unparse(part.args)})"]
        case ast.Assign() | ast.AnnAssign():
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            return [ast.unparse(target) for target in targets]
    return []


def attributes(source: str) -> list[str]:
    """The attributes that methods give to `self`, in the order in which the file names them."""
    found = [
        (one.lineno, one.attr)
        for one in ast.walk(ast.parse(source))
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)
    ]
    return [name for _, name in sorted(found)]


def test_twins_are_of_the_lessons_that_the_branches_write():
    assert sorted(path.name for path in SYNC.iterdir()) == TWINS
    assert TWINS == ["08-messages", "09-rooms", "10-memory", "11-door"]


@pytest.mark.parametrize("lesson", TWINS)
def test_branches_write_the_same_names_in_the_same_order(lesson):
    assert files(SYNC / lesson).keys() == files(ASYNC / lesson).keys()
    sync, asynchronous = (
        (branch / lesson / "myapp/chat.py").read_text(encoding="utf-8") for branch in (SYNC, ASYNC)
    )
    assert names(sync) == names(asynchronous)
    assert attributes(sync) == attributes(asynchronous)


def test_branches_end_with_one_file_that_differs(compose):
    sync, asynchronous = (files(compose(LAST_LESSON, branch)) for branch in ("sync", "async"))

    assert sync.keys() == asynchronous.keys()
    assert [path for path in sync if sync[path] != asynchronous[path]] == ["myapp/chat.py"]
