"""The chat's pages and the log-in in a real Chromium, against a real Daphne with a database.

What a browser shows is kept in tests/artefacts/, to be looked at.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import browser as chromium
import chatroom
import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect
from servers import Server, daphne_in

from coach import course

# Milliseconds that a page may take on a busy machine. Waited out only where a test fails.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
WIDE = {"width": 900, "height": 800}
PHONE = {"width": 360, "height": 740}

# Milliseconds after which a page has given a line up, and after which it has tried once more.
GIVEN_UP_MS = 10_000
TRIED_AGAIN_MS = 30_000

SEEDED = [
    "ana logs in with the password ana-learns",
    "ben logs in with the password ben-learns",
    "Start the site and open /chat/tea/ in two windows, one of them a private one: "
    "a window knows one user.",
]
NOTE = (
    "Not connected. The page goes on trying, and waits for up to 30 s between two tries. "
    "{path} could not be opened, and a browser is not told why. Look here: "
    "Is the server running? Without it, this page does not load again either. "
    "Is {path} in myapp/routes.py? Lesson 8 adds it. "
    "What has the server printed? make lesson-8 says which step fails."
)
LOG_IN = (
    "The room is open to those who are logged in: log in again. What stands in the field is kept."
)
ENDED = (
    "Your log-in has ended: nothing more is said in your name, and the last line was not said. "
    + LOG_IN
)
TOO_MANY = (
    "The server closed this connection: too many lines at once, or too many windows of one user. "
    "Close some windows, or wait a moment; then connect."
)
NOT_CONNECTED = "Not connected: the line stays in the field. Say it when the connection is back."

# Django's own hasher takes a while, as it should. What it is like is not the subject here.
FAST_HASHES = """
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""

# Lays the database out; prints what seed_demo says in four cases, and a session of each user.
PREPARE = """
import django, io, json
django.setup()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, models
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command

def seed():
    out = io.StringIO()
    try:
        call_command("seed_demo", stdout=out)
    except CommandError as error:
        return [str(error)]
    return out.getvalue().splitlines()

def session(user):
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return store.session_key

told = {"unmigrated": seed()}
call_command("migrate", verbosity=0)
told["first"] = seed()
ana, ben = models.User.objects.order_by("username")
ben.set_password("of his own")
ben.save()
told["again"] = seed()
ben.set_password("ben-learns")
ben.save()
told["sessions"] = {"ana": session(ana), "ben": session(ben)}
settings.DEBUG = False
told["public"] = seed()
print(json.dumps(told))
"""


class Site:
    """A site in a folder and with a database of its own, and the Daphne that serves it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        for path, content in course.state(number, "async").items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        with (folder / "gs2/settings.py").open("a") as settings:
            settings.write(FAST_HASHES)
        self.server: Server | None = None

    def start(self) -> None:
        """Starts the server; again at the port that it had, where it had one."""
        options: tuple[str, ...] = ()
        if self.server:
            options = ("-p", str(self.server.port))
            self.server.stop()
        self.server = daphne_in(self.folder, *options)
        assert self.server.port, self.server.lines

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    """The finished site; its `told` is what was printed while its database was laid out."""
    site = Site(tmp_path_factory.mktemp("chat"), 13)
    site.told = chatroom.run(site.folder, PREPARE)
    site.start()
    yield site
    site.server.stop()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium.started() as one:
        yield one


Visit = Callable[..., Page]


@pytest.fixture
def visit(chrome: Browser) -> Iterator[Visit]:
    """A function that opens a page of a site, as a user with a session or as nobody.

    At the end no page has had an error, and none has asked at another address.
    """
    watched: list[tuple[str, chromium.Watch]] = []

    def visit_at(site: Site, where: str, user: str = "", **options) -> Page:
        context = chrome.new_context(
            base_url=f"http://{site.host}", **{"viewport": WIDE, **options}
        )
        context.set_default_timeout(PATIENCE_MS)
        if user:
            key = site.told["sessions"][user]
            context.add_cookies([{"name": "sessionid", "value": key, "url": f"http://{site.host}"}])
        page = context.new_page()
        watched.append((site.host, chromium.Watch(page)))
        page.goto(where)
        return page

    yield visit_at
    for context in chrome.contexts:
        context.close()
    for host, watch in watched:
        assert watch.hosts == {host}
        assert chromium.unexpected(watch.errors) == []


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def field(page: Page) -> Locator:
    return page.get_by_label("Your line")


def status(page: Page) -> Locator:
    return page.get_by_role("status")


def lines(page: Page) -> Locator:
    return page.get_by_role("log").get_by_role("listitem")


def expect_connected(page: Page) -> None:
    expect(status(page)).to_have_text("Connected.")


def say(page: Page, text: str) -> None:
    """Says a line, and waits until it has come back."""
    expect_connected(page)
    field(page).fill(text)
    field(page).press("Enter")
    expect(field(page)).to_have_value("")


def log_in(page: Page, password: str) -> None:
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill(password)
    button(page, "Log in").click()


def where(page: Page) -> str:
    return urlsplit(page.url).path


def test_demo_users_are_made_once_and_only_where_one_learns(site):
    kept = "ben is here already, with a password of your own, which stays."

    assert site.told["unmigrated"] == [
        "The database has no table of users yet. First: manage.py migrate"
    ]
    assert site.told["first"] == SEEDED
    assert site.told["again"] == [SEEDED[0], kept, SEEDED[2]]
    assert site.told["public"] == [
        "DEBUG is False, so this may be a public site, and everybody knows the passwords "
        "of these users. Make users of your own: manage.py createsuperuser"
    ]


def test_whoever_logs_in_is_heard_by_name(site, visit):
    ana = visit(site, "/chat/names/")
    assert where(ana) == "/accounts/login/"
    log_in(ana, "guessed")
    expect(ana.get_by_role("alert")).to_contain_text("Please enter a correct username and password")
    assert chromium.lowest_contrast(ana) >= 4.5
    chromium.keep(ana, "login-light")

    log_in(ana, "ana-learns")
    ben = visit(site, "/chat/names/", "ben", color_scheme="dark")
    expect_connected(ben)
    assert where(ana) == "/chat/names/"
    say(ana, "Good morning.")
    expect(lines(ben)).to_have_text(["ana Good morning."])
    say(ben, "Tea?")

    for page, scheme in ((ana, "light"), (ben, "dark")):
        expect(lines(page)).to_have_text(["ana Good morning.", "ben Tea?"])
        assert chromium.lowest_contrast(page) >= 4.5
        chromium.keep(page, f"chat-{scheme}")


def test_markup_in_a_line_stays_text(site, visit):
    ana, ben = visit(site, "/chat/markup/", "ana"), visit(site, "/chat/markup/", "ben")
    expect_connected(ben)
    markup = [
        "<script>globalThis.hasRun = true</script>",
        '<img src="x" onerror="globalThis.hasRun = true">',
    ]

    for text in markup:
        say(ana, text)

    for page in (ana, ben):
        expect(lines(page)).to_have_text([f"ana {text}" for text in markup])
    ben.reload()
    expect(lines(ben)).to_have_text([f"ana {text}" for text in markup])
    for page in (ana, ben):
        assert page.get_by_role("log").locator("script, img").count() == 0
        assert page.evaluate("globalThis.hasRun") is None


def test_refused_line_is_explained_and_stays_in_the_field(site, visit):
    page = visit(site, "/chat/refused/", "ana")
    expect_connected(page)

    for text, why in (
        ("", "This line is empty. Write something first."),
        ("t" * 1001, "This line has 1001 characters; a room takes at most 1000. "
                     "Split it into shorter lines."),
    ):  # fmt: skip
        field(page).fill(text)
        button(page, "Say").click()
        expect(page.get_by_role("alert")).to_have_text(why)
        expect(field(page)).to_have_value(text)

    assert chromium.lowest_contrast(page) >= 4.5
    say(page, "tea")
    expect(page.get_by_role("alert")).to_be_empty()
    expect(lines(page)).to_have_text(["ana tea"])


def test_page_comes_back_with_the_server_and_loses_nothing(site, visit):
    page = visit(site, "/chat/killed/", "ana", color_scheme="dark")
    say(page, "before")
    field(page).fill("typed before")

    site.server.kill()
    expect(status(page)).to_have_text(re.compile(r"^Not connected\. The next try is in [1-4] s\.$"))
    button(page, "Say").click()
    expect(page.get_by_role("alert")).to_have_text(NOT_CONNECTED)
    field(page).fill("typed before, and after")
    # Without the button, the page tries as often by itself.
    for _ in range(3):
        button(page, "Connect now").click()
        expect(status(page)).not_to_have_text("Connecting.")
    note = f"{NOTE.format(path='/ws/chat/killed/')} {LOG_IN}"
    expect(status(page)).to_have_text(re.compile(spaced(note)))
    assert chromium.lowest_contrast(page) >= 4.5
    chromium.keep(page, "chat-lost")

    site.start()
    expect_connected(page)
    expect(button(page, "Connect now")).to_be_hidden()
    expect(page.get_by_role("alert")).to_be_empty()
    expect(field(page)).to_have_value("typed before, and after")
    expect(lines(page)).to_have_text(["ana before"])
    field(page).press("Enter")
    expect(lines(page)).to_have_text(["ana before", "ana typed before, and after"])


def spaced(text: str) -> str:
    """A pattern for a text that is laid out in paragraphs."""
    return r"^\s*" + r"\s*".join(map(re.escape, text.split())) + r"\s*$"


@pytest.mark.parametrize("earlier", [[], ["tea"]], ids=["new", "said before"])
@pytest.mark.parametrize("is_said", [True, False], ids=["said", "unsaid"])
def test_line_that_does_not_come_back(site, visit, is_said, earlier):
    """It leaves the field where the history shows that it was said, and stays where it was not."""
    room = f"lost-{is_said}-{len(earlier)}"
    page = visit(site, "/chat/", "ana")
    page.clock.install()
    sockets: list[WebSocketRoute] = []

    def on_the_way(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        sockets.append(server)
        if len(sockets) > 1:
            return
        socket.on_message(lambda text: server.send(text) if passes(text) else None)
        server.on_message(lambda text: socket.send(text) if comes_back(text) else None)

    def passes(text: str) -> bool:
        return is_said or not is_lost()

    def comes_back(text: str) -> bool:
        return not is_lost()

    losing = []

    def is_lost() -> bool:
        return bool(losing)

    page.route_web_socket(re.compile("/ws/chat/"), on_the_way)
    page.goto(f"/chat/{room}/")
    for text in earlier:
        say(page, text)
    expect_connected(page)
    losing.append("the line")
    field(page).fill("tea")
    field(page).press("Enter")
    page.keyboard.type(" and more")
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "The line before has not come back yet. This one stays in the field."
    )

    page.clock.fast_forward(GIVEN_UP_MS)
    expect(status(page)).to_contain_text(
        "Your line has not come back. It leaves the field if the history shows that it was said."
    )
    page.clock.fast_forward(TRIED_AGAIN_MS)

    heard = [f"ana {text}" for text in (*earlier, *(["tea"] if is_said else []))]
    if is_said:
        expect(status(page)).to_have_text(
            "Connected. Your line had been said before the connection was lost."
        )
        expect(field(page)).to_have_value(" and more")
    else:
        expect_connected(page)
        expect(field(page)).to_have_value("tea and more")
    expect(lines(page)).to_have_text(heard)
    say_again(page)
    assert len(sockets) == 2


def say_again(page: Page) -> None:
    """What has stayed in the field can be said."""
    text = field(page).input_value().strip()
    field(page).press("Enter")
    expect(lines(page).last).to_have_text(f"ana {text}")
    expect(field(page)).to_have_value("")


def test_log_in_that_has_ended_is_explained(site, visit):
    page = visit(site, "/chat/ended/")
    log_in(page, "ana-learns")
    expect_connected(page)
    page.clock.install()
    asked: list[str] = []
    page.on("websocket", lambda socket: asked.append(socket.url))
    other = page.context.new_page()
    other.goto("/echo/")
    button(other, "Log out ana").click()
    expect(other.get_by_role("link", name="echo")).to_be_visible()

    field(page).fill("still me?")
    field(page).press("Enter")

    expect(status(page)).to_have_text(re.compile(spaced(ENDED)))
    page.clock.fast_forward(TRIED_AGAIN_MS)
    expect(button(page, "Connect now")).to_be_visible()
    assert asked == []
    page.get_by_role("link", name="log in again").click()
    log_in(page, "ana-learns")
    expect_connected(page)
    expect(field(page)).to_have_value("still me?")
    expect(lines(page)).to_have_count(0)


def test_too_many_windows_of_one_user_are_explained(site, visit):
    first, second = visit(site, "/chat/many/", "ben"), visit(site, "/chat/", "ben")
    expect_connected(first)
    first.evaluate("""() => Promise.all(Array.from({ length: 9 }, () => new Promise((resolve) => {
        new WebSocket(`ws://${location.host}/ws/chat/many/`).onopen = resolve;
    })))""")

    second.goto("/chat/many/")
    expect(status(second)).to_have_text(TOO_MANY)
    first.goto("/chat/")
    # The server learns of connections that have ended a moment later than the browser.
    while status(second).inner_text() != "Connected.":
        button(second, "Connect now").click()
        expect(status(second)).not_to_have_text("Connecting.")
    say(second, "tea")


# Notes of each line that is added whether a screen reader reads it out.
READ_OUT = """document.addEventListener("DOMContentLoaded", () => {
  globalThis.readOut = [];
  const list = document.getElementById("lines");
  const note = (changes) => {
    for (const { addedNodes } of changes) {
      for (const _ of addedNodes) readOut.push(list.ariaLive);
    }
  };
  new MutationObserver(note).observe(list, { childList: true });
})"""


def test_new_lines_are_read_out_and_the_history_is_not(site, visit):
    page = visit(site, "/chat/aloud/", "ana")
    say(page, "tea")
    page.add_init_script(READ_OUT)

    page.reload()
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    say(page, "more tea")

    assert page.evaluate("readOut") == ["off", "polite"]


def test_answer_that_is_no_line_is_shown(site, visit):
    """As the room of somebody may give it who is in the middle of lesson 8."""
    page = visit(site, "/chat/", "ana")
    page.route_web_socket(
        re.compile("/ws/chat/"), lambda socket: socket.on_message(lambda _: socket.send("1: tea"))
    )
    page.goto("/chat/unfinished/")
    expect_connected(page)

    field(page).fill("tea")
    button(page, "Say").click()

    expect(page.get_by_role("alert")).to_have_text(
        'The server sent text="1: tea". A line looks like {"text": "tea"}.'
    )
    expect(field(page)).to_have_value("tea")


WAITS_MS = """async (chance) => {
  const { Connection } = await import("/static/myapp/chat-connection.js");
  const waits_ms = [];
  const page = { lost: (wait_ms) => waits_ms.push(wait_ms) };
  const connection = new Connection("/ws/chat/waits/", page);
  connection.open = () => {};
  connection.opened_ms = null;
  Math.random = () => chance;
  for (let count = 0; count < 7; count += 1) {
    connection.closed(1006);
    clearTimeout(connection.timer);
  }
  return waits_ms;
}"""


def test_tries_are_further_and_further_apart_and_never_all_at_once(site, visit):
    page = visit(site, "/chat/", "ana")

    longest_ms = page.evaluate(WAITS_MS, 1)

    assert longest_ms == [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
    assert page.evaluate(WAITS_MS, 0) == [wait_ms / 2 for wait_ms in longest_ms]


def test_form_leads_to_a_room_with_a_name_that_a_room_may_have(site, visit):
    page = visit(site, "/echo/", "ana")
    assert '<a href="/chat/">chat</a>' in page.request.get("/").text()
    page.get_by_role("link", name="chat").click()

    for name, why in (
        ("tea house", "A room's name is made of the letters A to Z and a to z, digits, hyphens "
                      "and underscores."),
        ("t" * 51, "This name has 51 characters; a room's has at most 50."),
    ):  # fmt: skip
        page.get_by_label("Room").fill(name)
        button(page, "Open").click()
        expect(page.get_by_role("alert")).to_have_text(why)
        expect(page.get_by_label("Room")).to_have_value(name)
        assert page.request.get(f"/chat/{name}/").status == 404

    page.get_by_label("Room").fill(" tea-house ")
    button(page, "Open").click()
    expect_connected(page)
    assert where(page) == "/chat/tea-house/"


def test_room_needs_no_mouse_and_no_wide_screen(site, visit):
    page = visit(site, "/chat/narrow/", "ana", viewport=PHONE)
    expect_connected(page)
    expect(field(page)).to_be_focused()
    say(page, "tea" * 99)

    expect(page.locator("body")).to_match_aria_snapshot("""
        - navigation "Pages":
          - link "gs2"
          - link "echo"
          - link "race"
          - link "chat"
          - button "Log out ana"
        - main:
          - heading "Room narrow" [level=1]
          - paragraph:
            - link "Another room"
          - log "Lines":
            - listitem
          - textbox "Your line"
          - button "Say"
          - alert
          - status:
            - paragraph: Connected.
    """)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    chromium.keep(page, "chat-360")


def test_room_works_before_there_are_users_and_a_database(tmp_path, visit):
    """Lesson 9: no log-in, no history, no names."""
    site = Site(tmp_path, 9)
    site.told = {"sessions": {"stale": "of-another-site"}}
    site.start()
    try:
        page = visit(site, "/chat/tea/", "stale")
        say(page, "tea")
        field(page).fill("more")
        site.server.kill()
        expect(status(page)).to_contain_text("Not connected.")
        site.start()
        expect_connected(page)

        expect(lines(page)).to_have_text(["tea"])
        field(page).press("Enter")
        expect(lines(page)).to_have_text(["tea", "more"])
    finally:
        site.server.stop()
    assert not (tmp_path / "db.sqlite3").exists()
