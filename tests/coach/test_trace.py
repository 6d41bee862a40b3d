"""`trace`: the way that is drawn is the one that Channels takes, on three projects of others."""

import subprocess
import sys
from pathlib import Path

import click
import foreign
import pytest
from conftest import ROOT, environment, files_of, put
from django.urls import path, re_path

from coach import course
from coach.address import address
from coach.child import refusal
from coach.trace import project, trace
from coach.tracing import TracedSite
from coach.verbs.trace import other, own
from coach.way import trace_lines

TUTORIAL = ("mysite", foreign.TUTORIAL_SITE, [
    "/ws/chat/tea/", "/ws/chat/tea", "/x/ws/chat/tea/", "/ws/chat/a b/", "/ws/chat/full/", "/chat/",
    "ws://127.0.0.1:8000/ws/chat/tea/?a=1", "ws://example.com/ws/chat/tea/", "/",
])  # fmt: skip
NESTED = ("depot", foreign.NESTED_SITE, [
    "/depot/a/3/", "/depot/a/3-4/", "/depot/a/belt/", "/depot/a/top/x/", "/depot/a/top/x",
    "/depot/caf%C3%A9/3/", "/depot/a/tea/", "/depot/a", "/depot//3/", "//depot/a/3/", "/year/1950/",
    "/year/1850/", "/year/195/", "/both", "/both/", "/crane/3/", "/lift/3/", "/lower/", "/Lower/",
])  # fmt: skip
WORKERS = ("studio", foreign.WORKERS_SITE, [
    "/feed/", "/fed", "channel:thumbnails-generate", "channel:thumbnails", "lifespan:", "http://a/",
])  # fmt: skip
SILENCE = "silence: it waits for the next event, and has neither accepted nor refused"
PASSED = ("accepted", "answered with status 200", "started")
FIRST = {
    "websocket": "websocket.connect", "http": "http.request", "lifespan": "lifespan.startup",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_settings_of_ours(monkeypatch):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")


async def seen(site: TracedSite) -> tuple[list, list]:
    """What the project itself has recorded by now: where connections ended, what was tried."""
    told = await site.ask({"do": "values", "module": "seen"}, "the record", "record")
    return told["values"]["ENDS"], told["values"]["TRIED"]


async def untraced(site: TracedSite, url: str) -> None:
    """Open a connection as a check does, which watches no calls; it stays open."""
    sent = address(url)
    talk = site._open(sent.scope, "a client", sent.path)
    if sent.protocol in FIRST:
        talk.tell({"type": FIRST[sent.protocol]})
    await talk.next("anything")


def tried(layers: list, number: int = 0) -> list:
    """Every entry from one layer on, in the order of the drawing, as `seen` notes them."""
    told = []
    for one in layers[number]["tried"] if layers else ():
        told.append([one["entry"], one["path"], one["taken"]])
        told += tried(layers, one["to"]) if "to" in one else []
    is_router = layers and layers[number]["kind"] == "URLRouter"
    below = [] if is_router else [one["number"] for one in layers if one["inside"] == number]
    return told + [entry for one in below for entry in tried(layers, one)]


def end_of(layers: list) -> list:
    """The consumer or function at the end with what it was given, as `seen` notes it."""
    last = layers[-1]
    if last["kind"] != "consumer" and last["name"] != "plain":
        return []
    routed = next((one["url_route"] for one in layers[::-1] if one.get("url_route")), {})
    kwargs = {name: str(value) for name, value in routed.get("kwargs", {}).items()}
    return [[last["name"], routed.get("args", []), kwargs]]


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "tree", "urls"), [TUTORIAL, NESTED, WORKERS])
async def test_trace_draws_the_way_that_channels_takes(launcher, tmp_path, name, tree, urls):
    with project(launcher, put(tmp_path, tree), f"{name}.asgi:application") as site:
        await site.load(follow=False)
        for url in urls:
            ends, entries = await seen(site)
            await untraced(site, url)
            ends_now, entries_now = await seen(site)
            drawn = await site.traced(address(url))

            assert tried(drawn.layers) == entries_now[len(entries) :], url
            assert end_of(drawn.layers) == ends_now[len(ends) :], url
        await site.stop()
    assert files_of(tmp_path) == tree


# -- what is shown ------------------------------------------------------------------------------

ACCEPTED = """\
/ws/chat/tea/ · websocket  mysite.asgi:application

  ProtocolTypeRouter
  └─ ✓ type "websocket"
     └─ OriginValidator   takes "localhost", "127.0.0.1", "[::1]"
        └─ CookieMiddleware   adds cookies
           └─ SessionMiddleware   adds session
              └─ AuthMiddleware   adds user
                 └─ URLRouter · looks for "ws/chat/tea/"
                    └─ ✓ re_path "ws/chat/(?P<room_name>\\w+)/$"   room_name="tea"
                       └─ ChatConsumer   {root}/chat/consumers.py

    end       accepted
    look at   {root}/chat/consumers.py:14 · ChatConsumer.connect
"""
NO_ROUTE = """\
/depot/a/tea · websocket  depot.asgi:application

  ProtocolTypeRouter
    ✓ type "websocket"
      URLRouter · looks for "depot/a/tea"
        ✓ path "depot/<str:hall>/"   hall="a"
          URLRouter · looks for "tea"
            ✗ path "<int:shelf>/"   "tea" is no int
            ✗ re_path "^(\\d+)-(\\d+)/$"   does not match
            ✗ path "top/<slug:box>/"   has "top/" where the path has "tea"
        ✓ re_path "^depot/(?P<hall>\\w+)/"   hall="a"
          URLRouter · looks for "tea"
            ✗ path "belt/"   has "belt/" where the path has "tea"
        ✗ path "/year/<year:year>/"   begins with a slash, and the path that is compared never does
        ✗ path "year/<year:year>/"   has "year/" where the path has "depot/a/tea"
        ✗ path "both"   has "both" where the path has "depot/a/tea"
        ✗ re_path "^crane/<int:number>/$"   does not match
        ✗ path "^lift/(?P<number>\\d+)/$"   has "^lift/(?P" where the path has "depot/a/tea"
        ✗ path "Lower/"   has "Lower/" where the path has "depot/a/tea"
        ✗ path "class/"   has "class/" where the path has "depot/a/tea"

    end       raised ValueError: No route found for path 'depot/a/tea'.
"""
WRAPPED = """\
  ProtocolTypeRouter
    ✓ type "websocket"
      QueryAuthMiddleware   adds user, token · {root}/studio/asgi.py:28
        counted.count   adds count · {root}/studio/asgi.py:34
          either.choose   {root}/studio/asgi.py:41
            URLRouter · looks for "fed"
              ✗ path "feed/"   has "feed/" where the path has "fed"
            <lambda>   {root}/studio/asgi.py:69
              plain   {root}/studio/asgi.py:50
"""


def drawn_by(launcher, folder: Path, site: tuple, url: str, plain: bool = False) -> str:
    """What is shown of a connection, without the lines in the project that record it."""
    name, tree, _ = site
    tree = {path: text for path, text in tree.items() if path != "seen.py"}
    unseen = "class seen:\n    ended = staticmethod(lambda *_: None)\n"
    put(folder, tree | {"seen.py": unseen.encode()})
    found = other(launcher, address(url), f"{name}.asgi:application", str(folder))
    return "".join(line.plain + "\n" for line in trace_lines(found, not plain))


def test_trace_is_drawn_as_a_tree(launcher, tmp_path):
    drawn = drawn_by(launcher, tmp_path, TUTORIAL, "/ws/chat/tea/")
    assert drawn == ACCEPTED.format(root=tmp_path.name)


def test_trace_without_boxes_is_indented(launcher, tmp_path):
    assert drawn_by(launcher, tmp_path, NESTED, "/depot/a/tea", plain=True) == NO_ROUTE
    drawn = drawn_by(launcher, tmp_path, WORKERS, "/fed", plain=True)
    assert WRAPPED.format(root=tmp_path.name) in drawn


# Where each connection ends, and what it comes near to.
ENDS = [
    (TUTORIAL, "/ws/chat/tea", "raised ValueError: No route found for path 'ws/chat/tea'.",
     ['with a slash at its end, "/ws/chat/tea/" leads to ChatConsumer']),
    (TUTORIAL, "/chat/", "raised ValueError: No route found for path 'chat/'.",
     ['as a page (--protocol http), "/chat/" leads to the view index']),
    (TUTORIAL, "http://127.0.0.1/chat/", "answered with status 200", []),
    (TUTORIAL, "http://127.0.0.1/", "answered with status 404", []),
    (TUTORIAL, "ws://example.com/ws/chat/tea/",
     "refused with close code 1000; its client sees HTTP 403", []),
    (NESTED, "/depot/a/top/x/", "refused with close code 4003; its client sees HTTP 403", []),
    (NESTED, "/year/1950/", SILENCE, []),
    (NESTED, "/year/1850/", "raised ValueError: No route found for path 'year/1850/'.", []),
    (NESTED, "/both/", "raised ValueError: No route found for path 'both/'.",
     ['without the slash at its end, "/both" leads to Belt']),
    (NESTED, "/depot//3/", "raised ValueError: No route found for path 'depot//3/'.", []),
    (NESTED, "/crane/3/", "raised ValueError: No route found for path 'crane/3/'.",
     ['the entry path("crane/<int:number>/", …) takes this path']),
    (NESTED, "/lift/3/", "raised ValueError: No route found for path 'lift/3/'.",
     [r'the entry re_path("^lift/(?P<number>\d+)/$", …) takes this path']),
    (NESTED, "/class/", "raised TypeError: object Belt can't be used in 'await' expression",
     ["Belt itself is called; its application is Belt.as_asgi()"]),
    (WORKERS, "channel:thumbnails-generate", 'it waits for the messages of "thumbnails-generate"',
     []),
    (WORKERS, "channel:tea",
     "raised ValueError: No application configured for channel name 'tea'", []),
    (WORKERS, "lifespan:", "started", []),
    (WORKERS, "http://127.0.0.1/",
     "raised ValueError: No application configured for scope type 'http'", []),
]  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize("site", [TUTORIAL, NESTED, WORKERS], ids=lambda site: site[0])
async def test_trace_says_how_it_ends_and_what_is_near(launcher, tmp_path, site):
    name, tree, _ = site
    with project(launcher, put(tmp_path, tree), f"{name}.asgi:application") as running:
        for one, url, end, near in ENDS:
            if one is site:
                found = await running.traced(address(url))
                assert (found.end["text"], found.near) == (end, near), url
                assert found.passed == (end in PASSED or end.startswith("it waits"))
        groups = await running.ask({"do": "groups"}, "the groups", "record")
        await running.stop()
    assert groups["groups"] in ({}, None)


def test_trace_names_the_key_that_is_spelt_otherwise(launcher, tmp_path):
    put(tmp_path, foreign.WORKERS_SITE)
    found = other(launcher, address("/feed/"), "studio.asgi:renamed", str(tmp_path))
    assert found.near == [
        'the router has the key "ws", and this type is "websocket"; below that key the path leads '
        "to plain"
    ]


# -- why an entry refuses a path ----------------------------------------------------------------

SLASH = "begins with a slash, and the path that is compared never does"
WHY_NOT = [
    (path("/ws/tea/", print), "ws/tea/", SLASH, 'the entry path("ws/tea/", …) takes this path'),
    (path("/ws/tea/", print), "ws/milk/", SLASH, ""),
    (re_path("^/ws/tea/$", print), "ws/tea/", SLASH,
     'the entry re_path("^ws/tea/$", …) takes this path'),
    (path("ws://127.0.0.1/tea/", print), "tea/",
     "is a whole address, and is compared with the path alone",
     'the entry path("tea/", …) takes this path'),
    (path("tea/", print), "tea", "wants a slash at the end, and the path has none", ""),
    (path("tea", print), "tea/", "takes the path without the slash at its end", ""),
    (path("tea/", print), "TEA/", "differs in upper and lower case", ""),
    (path("tea/", print), "tea/milk/", 'takes "tea/", and "milk/" is left over', ""),
    (re_path(r"^tea/(\d+)$", print), "tea/12x", 'takes "tea/12", and "x" is left over', ""),
    (path("tea/<int:number>/", print), "tea/milk/", '"milk" is no int', ""),
    (path("tea/<int:number>/", print), "tea/12x/", 'has "/" where the path has "x/"', ""),
    (path("tea/<int:number>/", print), "tea/", "the path has nothing for <int:number>", ""),
    (path("tea/<slug:leaf>/cup/", print), "tea/a/", 'has "cup/" where the path ends', ""),
    (path("a/<path:rest>/b/<int:number>/", print), "a/b/c/b/x/", "does not match", ""),
    (re_path(r"^tea/(?P<number>\d+)/$", print), "milk/1/", "does not match", ""),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "asked", "reason", "near"), WHY_NOT)
def test_reason_for_not_matching_is_one_that_was_tried(entry, asked, reason, near):
    assert refusal.why_not(entry.pattern, asked) == (reason, near)


# -- what goes amiss ----------------------------------------------------------------------------

HEAD = "async def application(scope, receive, send):\n    "
AMISS = {
    "import nowhere": ("the import raised ModuleNotFoundError: No module named 'nowhere'", 1),
    "def application(": ("the import raised SyntaxError: '(' was never closed", 1),
    "import sys\nsys.exit(3)": ("the import raised SystemExit: 3", 2),
    "import os\nos._exit(5)": ("the process ended by os._exit(5)", 2),
    "while True: pass": ("the import did not end within 0.8 s", 1),
    "while True: print('tea')": ("more than 10,000 lines of output, or 1 MB", 1),
    "application = 3": ("site.asgi:application is of type int, which no server can call", None),
    f"{HEAD}pass": ("it ended without an answer", None),
    f"{HEAD}1 / 0": ("raised ZeroDivisionError: division by zero", 2),
    f"{HEAD}import time; time.sleep(60)": ("no answer within 0.5 s", 2),
    f"{HEAD}await send({{'type': 'websocket.send', 'text': 'tea'}})": (
        'the text frame "tea": nothing can be sent before websocket.accept', 2),
}  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize("code", AMISS)
async def test_what_goes_amiss_in_a_project_is_a_sentence(launcher, tmp_path, code):
    text, line = AMISS[code]
    put(tmp_path, {"cafe/asgi.py": code.encode()})
    with project(launcher, tmp_path, "cafe.asgi:application", patience=0.1) as site:
        found = await site.once(address("/"))
    assert found.end["text"] == text.replace("site.", "cafe.")
    place = found.end["at"].partition(" ")[0] if found.end["at"] else None
    assert place == (f"{tmp_path.name}/cafe/asgi.py:{line}" if line else None)
    assert not found.passed
    assert files_of(tmp_path) == {"cafe/asgi.py": code.encode()}


@pytest.mark.asyncio
async def test_what_goes_amiss_once_the_client_has_gone_is_a_note(launcher, tmp_path):
    code = f"{HEAD}await send({{'type': 'websocket.accept'}})\n    await receive()\n"
    code += "    await receive()\n    1 / 0\n"
    put(tmp_path, {"cafe.py": code.encode()})
    with project(launcher, tmp_path, "cafe:application") as site:
        found = await site.once(address("/"))
    assert found.passed
    assert found.notes == ["When the client has gone: ZeroDivisionError: division by zero."]


@pytest.mark.parametrize(
    ("asgi", "said"),
    [
        ("mysite.asgi", "--asgi names a module and what it calls the application, as "
         "mysite.asgi:application; 'mysite.asgi' does not."),
        ("my site:a", "--asgi names a module and what it calls the application, as "
         "mysite.asgi:application; 'my site:a' does not."),
        ("mysit.asgi:application",
         "{folder} has no module mysit.asgi. --work names the folder of manage.py."),
        ("mysite.asgi:aplication",
         "mysite.asgi has no name 'aplication'. Did you mean 'application'?"),
    ],
)  # fmt: skip
def test_project_that_is_named_wrongly_is_wrong_usage(launcher, tmp_path, asgi, said):
    put(tmp_path, foreign.TUTORIAL_SITE)
    with pytest.raises(click.UsageError) as caught:
        other(launcher, address("/"), asgi, str(tmp_path))
    assert caught.value.message == said.format(folder=tmp_path.resolve())


@pytest.mark.asyncio
async def test_an_origin_that_the_validator_refuses_is_named(launcher, tmp_path):
    name, tree, _ = TUTORIAL
    with project(launcher, put(tmp_path, tree), f"{name}.asgi:application") as running:
        url = "ws://127.0.0.1/ws/chat/tea/"
        stranger = await running.traced(address(url, origin="http://example.com"))
        nobody = await running.traced(address(url, origin=""))
    tail = " is not among those that the validator allows"
    assert stranger.end["why"] == "the origin http://example.com" + tail
    assert nobody.end["why"] == "a client without Origin" + tail


def test_two_slashes_are_a_host_to_daphne():
    assert address("//ws/chat/tea/").note == (
        'Daphne takes "ws", behind two slashes, for a host, and looks for "/chat/tea/".'
    )
    assert [address(url).note for url in ("/ws/", "///ws/", "ws://127.0.0.1/ws/")] == [""] * 3


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "ws:///tea/", "channel:", ""])
def test_url_that_no_site_answers_is_refused(url):
    with pytest.raises(ValueError, match=r"\.$"):
        address(url)


# -- as people use it ---------------------------------------------------------------------------


def test_trace_follows_the_learners_own_site(at_work, lay_out, read):
    work = lay_out(4)
    before = read(work)

    ran = at_work("trace", "/ws/sc/", "--json")

    assert (ran.code, ran.err) == (0, "")
    assert [layer["name"] for layer in ran.told["layers"]] == [
        "ProtocolTypeRouter", "URLRouter", "MySyncConsumer",
    ]  # fmt: skip
    assert ran.told["end"]["kind"] == "accepted"
    assert read(work) == before


def test_trace_gives_the_cause_that_a_check_would(launcher, lay_out):
    edit = course.Edit("myapp/routes.py", "from myapp import consumers\n", "")
    work = lay_out(course.edited(course.state(4), [edit]))

    found = own(launcher, address("/ws/sc/"), str(work))

    assert found.end["text"] == "the import raised NameError: name 'consumers' is not defined"
    assert found.end["why"] == (
        "the name consumers is used here, and nothing that this line can see imports or defines "
        "it; it comes with `from myapp import consumers`"
    )
    assert found.end["at"] == f"{work}/myapp/routes.py:7"


def test_trace_of_a_project_runs_in_its_folder(tmp_path):
    put(tmp_path, foreign.TUTORIAL_SITE)
    ran = subprocess.run(
        [sys.executable, "-m", "coach", "trace", "ws/chat/x", "--asgi", "mysite.asgi:application"],
        cwd=tmp_path, env=environment(
            PYTHONPATH=str(ROOT), PYTHONIOENCODING="ascii", PYTHONDONTWRITEBYTECODE="",
        ),
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.isascii()
    assert "x re_path" in ran.stdout
    assert files_of(tmp_path) == foreign.TUTORIAL_SITE


@pytest.mark.asyncio
async def test_trace_in_a_notebook_is_shown_in_its_cell(tmp_path):
    put(tmp_path, course.state(3))
    found = trace("/ws/hello", tmp_path)  # while this event loop runs, as in a cell
    assert found.near == ['with a slash at its end, "/ws/hello/" leads to hello']
    assert "└─ ✗ path" in str(found)
    assert found._repr_html_().startswith("<pre>/ws/hello · websocket")
