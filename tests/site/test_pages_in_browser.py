"""The pages /echo/ and /race/ in a real Chromium, against a real Daphne.

What a browser shows is kept in tests/artefacts/, to be looked at.
"""

import re
from collections.abc import Callable, Iterator
from types import ModuleType

import browser as chromium
import pytest
from django.test import RequestFactory, override_settings
from django.urls import path
from playwright.sync_api import Browser, Locator, Page, expect

from myapp import views

# Milliseconds that a page may take on a busy machine. Waited out only where a test fails.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
WIDE = {"width": 1100, "height": 900}
PHONE = {"width": 360, "height": 740}

Open = Callable[..., Page]

LOST = (
    "The connection to {} was lost, code 1006: it ended without a closing frame. "
    "Is the server running?"
)
NOTE = (
    "{path} could not be opened, and a browser is not told why. Look here: "
    "Is the server running? Without it, this page does not load again either. "
    "Is {path} in myapp/routes.py? Lesson {lesson} adds it. "
    "What has the server printed? make lesson-{lesson} says which step fails."
)
ALL = (
    r"{count} connections at {path}: all answered, the last after \d+\.\d\d s\. "
    r"One alone took \d+\.\d\d s, so that is (\d+\.\d) times as long\."
)


# A running Playwright keeps an event loop in this thread, in which no test with a loop of its own
# can run. So it ends with the tests of this file, and not with the session.
@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium.started() as one:
        yield one


@pytest.fixture
def open_page(chrome: Browser) -> Iterator[Open]:
    """A function that opens a page of a server. At the end no page has had an error, and none has
    asked at another address."""
    opened: list[tuple[str, chromium.Watch]] = []

    def open_at(server, where: str, **options) -> Page:
        host = f"127.0.0.1:{server.port}"
        context = chrome.new_context(base_url=f"http://{host}", **{"viewport": WIDE, **options})
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        opened.append((host, chromium.Watch(page)))
        page.goto(where)
        return page

    yield open_at
    for context in chrome.contexts:
        context.close()
    for host, watch in opened:
        assert watch.hosts == {host}
        assert chromium.unexpected(watch.errors) == []


@pytest.fixture
def unfinished(compose, start_daphne):
    """A site after lesson 6 that fails at a "bang", and that cannot count."""
    folder = compose(6)
    consumers = folder / "myapp/consumers.py"
    source = consumers.read_text(encoding="utf-8")
    source = source.replace('r"count (', 'r"total (')
    source = source.replace(
        "        self.count += 1\n",
        '        self.count += 1\n        assert event["text"] != "bang"\n',
    )
    consumers.write_text(source, encoding="utf-8")
    return start_daphne(folder)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def tape(page: Page) -> list[str]:
    return page.get_by_role("log").get_by_role("listitem").all_inner_texts()


def told(page: Page) -> str:
    """What the live region says, on one line."""
    return " ".join(page.get_by_role("status").inner_text().split())


def connect(page: Page, way: str = "/ws/sc/") -> None:
    page.get_by_label("Path").select_option(way)
    button(page, "Connect").click()
    expect(page.get_by_role("status")).to_have_text(f"Connected to {way}.")


def say(page: Page, text: str, answer: str) -> None:
    """Sends a message, and waits until the tape ends with the answer."""
    page.get_by_label("Text", exact=True).fill(text)
    button(page, "Send").click()
    expect(page.get_by_role("listitem").last).to_have_text(answer)


def choose(page: Page, first: str, second: str, count: int) -> None:
    page.get_by_label("First path").select_option(first)
    page.get_by_label("Second path").select_option(second)
    page.get_by_label("Connections").fill(str(count))


def race(page: Page, first: str, second: str, count: int) -> str:
    """Runs a race to its end; what the page says then."""
    choose(page, first, second, count)
    button(page, "Start").click()
    expect(button(page, "Stop")).to_be_disabled()
    return told(page)


def begin_race_at_shared(page: Page) -> None:
    """A race that is not over yet: some have their answer, and most have not."""
    choose(page, "/ws/shared/", "/ws/ac/", 10)
    button(page, "Start").click()
    expect(page.get_by_role("row", name=re.compile("^Answered [2-9] of 10"))).to_be_visible()


def assert_readable(page: Page) -> None:
    """Every text and lane stands out from what lies behind it, as WCAG AA asks."""
    contrasts = page.evaluate(chromium.CONTRASTS)
    assert len(contrasts["texts"]) > 5
    assert min(contrasts["texts"]) >= 4.5
    assert min(contrasts["lanes"], default=3) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("way", ["/ws/sc/", "/ws/ac/"])
def test_echo_shows_every_event_in_both_directions(daphne, open_page, way, scheme):
    page = open_page(daphne, "/echo/", color_scheme=scheme)
    connect(page, way)
    say(page, "tea", '← websocket.send text="1: tea"')
    say(page, "", '← websocket.send text="2: "')
    page.get_by_label("Send as binary").check()
    say(page, "Grüße 'n\\m", r"← websocket.send bytes=b'3: Gr\xc3\xbc\xc3\x9fe \'n\\m'")
    assert_readable(page)
    button(page, "Disconnect").click()
    expect(page.get_by_role("status")).to_have_text("Not connected.")

    assert tape(page) == [
        "→ websocket.connect",
        "← websocket.accept",
        '→ websocket.receive text="tea"',
        '← websocket.send text="1: tea"',
        '→ websocket.receive text=""',
        '← websocket.send text="2: "',
        r"→ websocket.receive bytes=b'Gr\xc3\xbc\xc3\x9fe \'n\\m'",
        r"← websocket.send bytes=b'3: Gr\xc3\xbc\xc3\x9fe \'n\\m'",
        "→ websocket.disconnect code=1000",
    ]
    chromium.keep(page, f"echo-{scheme}")


def test_echo_shows_markup_as_text(daphne, open_page):
    page = open_page(daphne, "/echo/")
    connect(page)
    markup = "<img src=x onerror=alert(1)>"

    say(page, markup, f'← websocket.send text="1: {markup}"')

    assert page.locator("img").count() == 0


def test_echo_says_when_the_connection_is_lost(open_page, start_daphne):
    server = start_daphne(chromium.ROOT)
    page = open_page(server, "/echo/")
    connect(page)
    say(page, "tea", '← websocket.send text="1: tea"')

    server.kill()
    expect(button(page, "Connect again")).to_be_focused()

    assert tape(page)[-1] == "× the connection ended code=1006"
    assert told(page) == LOST.format("/ws/sc/")
    expect(button(page, "Send")).to_be_disabled()
    chromium.keep(page, "echo-lost")

    button(page, "Connect again").click()
    expect(page.get_by_role("status")).to_contain_text("could not be opened")

    assert told(page) == NOTE.format(path="/ws/sc/", lesson=4)
    assert tape(page)[-1] == "× the connection ended code=1006"


def test_unfinished_site_is_explained(unfinished, open_page):
    echo = open_page(unfinished, "/echo/")
    connect(echo)
    say(echo, "bang", "× the connection ended code=1011")
    assert told(echo) == (
        "The server closed the connection to /ws/sc/, code 1011. "
        "A browser learns no more; the server may have printed why."
    )

    page = open_page(unfinished, "/race/")
    assert race(page, "/ws/ac/", "/ws/shared/", 10) == (
        '/ws/ac/ answered “count 1” with text="1: count 1". '
        'The race needs text="1", which lesson 6 adds. '
    ) + NOTE.format(path="/ws/shared/", lesson=7)
    chromium.keep(page, "race-unopened")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_race_shows_who_waits_for_whom(daphne, open_page, scheme):
    page = open_page(daphne, "/race/", color_scheme=scheme)

    added = ALL.format(count=10, path="/ws/shared/") + r" The waits added up\. "
    overlapped = ALL.format(count=10, path="/ws/sc/") + r" The waits overlapped\."
    # On a machine that is busy with something else, the page may say that it cannot tell.
    for _ in range(5):
        said = race(page, "/ws/shared/", "/ws/sc/", 10)
        if ratios := re.fullmatch(added + overlapped, said):
            break
    assert ratios, said
    rows = page.get_by_role("row").all_inner_texts()
    assert rows[0].split() == ["/ws/shared/", "/ws/sc/"]
    assert rows[2] == "Answered\t10 of 10\t10 of 10"
    assert rows[6] == "Last answer ÷ one alone\t" + "\t".join(ratios.groups())
    assert page.locator("rect.answered").count() == 20
    assert_readable(page)
    chromium.keep(page, f"race-{scheme}")


# What the page says of ten connections of which the first has its answer after 200 ms.
CLAIMS = [
    (200, 600, "One alone took 0.20 s, so that is 3.0 times as long. The waits overlapped."),
    (200, 620, "One alone took 0.20 s, so that is 3.1 times as long."),
    (200, 1480, "One alone took 0.20 s, so that is 7.4 times as long."),
    (200, 1500, "One alone took 0.20 s, so that is 7.5 times as long. The waits added up."),
    (450, 2000, "One alone took 0.45 s, longer than one among all: something held it up. "
                "Start again."),
]  # fmt: skip
SAID_OF_TEN = """async ([alone_ms, last_ms]) => {
  const { outcome } = await import("/static/myapp/totals.js");
  const times_ms = [200, ...Array(9).fill(last_ms)];
  const lanes = times_ms.map((answered_ms) => ({ asked_ms: 0, answered_ms }));
  return outcome({ path: "/ws/sc/", count: 10, alone_ms, lanes, failure: null });
}"""


def test_race_claims_what_its_ratio_establishes(daphne, open_page):
    page = open_page(daphne, "/race/")

    for alone_ms, last_ms, claim in CLAIMS:
        said = page.evaluate(SAID_OF_TEN, [alone_ms, last_ms])

        last = f"10 connections at /ws/sc/: all answered, the last after {last_ms / 1000:.2f} s."
        assert said == f"{last} {claim}"


def test_race_of_one(daphne, open_page):
    page = open_page(daphne, "/race/")

    said = race(page, "/ws/sc/", "/ws/sc/", 1)

    one = r"1 connection at /ws/sc/: answered after \d+\.\d\d s\."
    assert re.fullmatch(f"{one} {one}", said)
    expect(page.locator("#expect")).to_have_text(
        "Each question makes the site wait for 0.2 s. Stop ends the race at any time."
    )
    chromium.keep(page, "race-1")


def test_race_of_two_hundred(daphne, open_page):
    page = open_page(daphne, "/race/")
    page.evaluate("""() => {
        globalThis.announced = 0;
        const count = () => { globalThis.announced += 1; };
        new MutationObserver(count).observe(document.getElementById("status"), {childList: true});
    }""")

    said = race(page, "/ws/sc/", "/ws/ac/", 200)

    for way in ("/ws/sc/", "/ws/ac/"):
        assert f"200 connections at {way}: all answered, the last after " in said
    assert "added up" not in said
    assert page.evaluate("announced") == 3
    expect(page.locator("#expect")).to_have_text(
        "Each question makes the site wait for 0.2 s. If the waits of 200 connections overlap, "
        "a path takes about 0.2 s; if they add up, about 40.0 s. Stop ends the race at any time."
    )
    chromium.keep(page, "race-200")


def test_race_takes_from_one_to_two_hundred(daphne, open_page):
    page = open_page(daphne, "/race/")

    for count in ("0", "201", "", "1.5"):
        page.get_by_label("Connections").fill(count)
        button(page, "Start").click()
        expect(page.locator("#expect")).to_be_empty()

    assert told(page) == ""


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_race_stops_when_asked(daphne, open_page, motion):
    page = open_page(daphne, "/race/", reduced_motion=motion)
    begin_race_at_shared(page)
    drawn = page.locator("rect:not(.answered)[width]").count()
    button(page, "Stop").click()

    stopped = r"Stopped at /ws/shared/: [2-9] of 10 connections had an answer\."
    expect(page.get_by_role("status")).to_have_text(re.compile(f"^{stopped}$"))
    # A lane that grows is drawn before its answer is there; one that must not move is not.
    assert (drawn > 0) is (motion == "no-preference")
    expect(button(page, "Start")).to_be_focused()
    # The one thread still counts for those that have left; this race comes after them.
    assert "1 connection at /ws/shared/: answered" in race(page, "/ws/shared/", "/ws/ac/", 1)


def test_race_says_when_connections_are_lost(open_page, start_daphne):
    server = start_daphne(chromium.ROOT)
    page = open_page(server, "/race/")
    begin_race_at_shared(page)

    server.kill()
    expect(button(page, "Stop")).to_be_disabled()

    had = r" [2-9] of 10 connections had an answer\. Start again when it is ready\. "
    note = re.escape(NOTE.format(path="/ws/ac/", lesson=5))
    assert re.fullmatch(re.escape(LOST.format("/ws/shared/")) + had + note, told(page))
    chromium.keep(page, "race-lost")


def test_keyboard_is_enough(daphne, open_page):
    page = open_page(daphne, "/echo/")
    page.get_by_label("Path").focus()
    press(page, "Tab", "Enter")
    expect(page.get_by_label("Text", exact=True)).to_be_focused()
    press(page, "t", "e", "a", "Enter")
    expect(page.get_by_role("listitem").last).to_have_text('← websocket.send text="1: tea"')
    press(page, "Tab", "Space", "Tab", "Enter")
    expect(page.get_by_role("listitem").last).to_have_text("← websocket.send bytes=b'2: tea'")
    button(page, "Disconnect").focus()
    press(page, "Enter")
    expect(button(page, "Connect")).to_be_focused()

    page = open_page(daphne, "/race/")
    page.get_by_label("First path").focus()
    press(page, "ArrowDown", "Tab", "Tab", "1", "Tab", "Enter")
    expect(button(page, "Stop")).to_be_focused()
    expect(button(page, "Start")).to_be_focused()
    assert told(page).count("1 connection at /ws/ac/: answered") == 2


def press(page: Page, *keys: str) -> None:
    """Presses keys one after another, each where the focus can be seen."""
    for key in keys:
        focused = page.locator(":focus-visible")
        expect(focused).to_have_css("outline-style", "solid")
        expect(focused).to_have_css("outline-width", "3px")
        page.keyboard.press(key)


def test_phone_needs_no_sideways_scrolling(daphne, open_page):
    echo, page = (open_page(daphne, where, viewport=PHONE) for where in ("/echo/", "/race/"))
    connect(echo)
    say(echo, "tea" * 99, f'← websocket.send text="1: {"tea" * 99}"')
    race(page, "/ws/sc/", "/ws/trap/", 2)

    for one in (echo, page):
        assert one.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    chromium.keep(echo, "echo-360")
    chromium.keep(page, "race-360")


def test_every_control_has_a_name(daphne, open_page):
    expect(open_page(daphne, "/echo/").locator("body")).to_match_aria_snapshot("""
        - navigation "Pages":
          - link "gs2"
          - link "echo"
          - link "race"
        - main:
          - heading "Echo" [level=1]
          - paragraph
          - combobox "Path":
            - option "/ws/sc/ · sync consumer" [selected]
            - option "/ws/ac/ · async consumer"
          - button "Connect"
          - button "Disconnect" [disabled]
          - group "Message":
            - textbox "Text" [disabled]
            - checkbox "Send as binary" [disabled]
            - button "Send" [disabled]
          - status:
            - paragraph: Not connected.
          - heading "Tape" [level=2]
          - log "Tape"
    """)
    expect(open_page(daphne, "/race/").locator("main")).to_match_aria_snapshot("""
        - heading "Race" [level=1]
        - paragraph
        - combobox "First path":
          - option "/ws/sc/ · sync consumer" [selected]
          - option "/ws/ac/ · async consumer"
          - option "/ws/trap/ · async consumer that calls time.sleep"
          - option "/ws/shared/ · sync consumer, one thread for all"
        - combobox "Second path":
          - option "/ws/ac/ · async consumer" [selected]
        - spinbutton "Connections": "10"
        - button "Start"
        - button "Stop" [disabled]
        - paragraph
        - status
    """)


def test_encrypted_page_opens_encrypted_sockets(daphne, chrome):
    context = chrome.new_context()
    page = context.new_page()
    asked = []
    context.route_web_socket(re.compile(""), lambda socket: asked.append(socket.url))

    def from_daphne(route):
        where = route.request.url.replace("https://gs2", f"http://127.0.0.1:{daphne.port}")
        route.fulfill(response=context.request.get(where))

    context.route("https://gs2/**", from_daphne)
    page.goto("https://gs2/echo/")
    connect(page)
    context.close()

    assert asked == ["wss://gs2/ws/sc/"]


def test_scripts_are_served_as_scripts(daphne, open_page):
    page = open_page(daphne, "/race/")

    served = page.request.get("/static/myapp/race.js")

    assert served.headers["content-type"] == "text/javascript"


def test_map_links_to_the_pages_where_they_are():
    def links() -> list[str]:
        page = views.show_map(RequestFactory().get("/")).content.decode()
        return re.findall(r'href="([^"]+)"', page)

    assert links() == ["/echo/", "/race/", "/chat/"]

    before = ModuleType("before")
    before.urlpatterns = [path("", views.show_map, name="map")]
    with override_settings(ROOT_URLCONF=before):
        assert links() == []


def test_without_a_browser_tests_are_skipped_and_fail_in_ci():
    def nowhere(name: str) -> None:
        return None

    assert chromium.found({"CHROMIUM": "/opt/chromium"}, nowhere) == "/opt/chromium"
    assert chromium.found({}, lambda name: f"/usr/bin/{name}") == "/usr/bin/chromium"
    with pytest.raises(pytest.skip.Exception, match="`apt-get install chromium` brings one"):
        chromium.found({"CI": "false"}, nowhere)
    with pytest.raises(pytest.fail.Exception, match="`apt-get install chromium` brings one"):
        chromium.found({"CI": "true"}, nowhere)
