"""The book: every link leads somewhere, and nothing comes from elsewhere.

The notebooks are those of the repository, as they lie there, save that of lesson 3: in its place
stands a short one, which is executed. That the others run is the affair of test_notebooks.py.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from coach import course
from coach.audit import notebooks
from coach.book import running, site, sources
from coach.course import ROOT
from coach.evidence import CoachError

sys.path.append(str(ROOT / "tests/site"))  # those tests have a browser

import browser as chromium

SHORT = "03-routes"
PICTURE = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="
CELLS = [
    "# 3 · What is in the cup?\n\nSee [lesson 3](../lessons/03-routes/README.md).",
    "## Before you run\n\nAnd [its solution](../solutions/trunk/03-routes), a folder.",
    "print('te' + 'a')",
    f'from IPython.display import HTML\nHTML(\'<img alt="a cup" src="{PICTURE}">\')',
    "folded = 'the answer'",
    "<details><summary>Answer</summary>\n\nIt is *tea*.\n\n</details>",
]
LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}
# Milliseconds that a page may take on a busy machine. Waited out only where a test fails.
PATIENCE_MS, PATIENCE_S = 30_000, 120


class Page(HTMLParser):
    """One page of the book: what it links to, what it loads, and the anchors in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.comments: list[str] = []
        self.text = path.read_text("utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        told = {name: value or "" for name, value in attrs}
        self.ids |= {told[name] for name in ("id", "name") if name in told}
        if tag == "a" and "href" in told:
            self.links.append(told["href"])
        # rel="next" and the like name pages, which nobody loads.
        elif (name := LOADED.get(tag)) in told and told.get("rel") not in (
            "next",
            "prev",
            "search",
        ):
            self.loads.append(told[name])
        self.loads += re.findall(r"url\((.+?)\)", told.get("style", ""))

    def handle_comment(self, data):
        self.comments.append(data)

    def leads_to(self, target: str) -> tuple[Path, str]:
        """The file that a relative link names, and the anchor in it."""
        parts = urlsplit(target)
        file = (self.path.parent / unquote(parts.path)).resolve() if parts.path else self.path
        return file, unquote(parts.fragment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A book, in a folder of its own: one for all workers, made by the first that needs it."""
    base = tmp_path_factory.getbasetemp().resolve()
    home = (base if worker_id == "master" else base.parent) / "book"
    try:
        home.mkdir()
    except FileExistsError:
        end = time.monotonic() + PATIENCE_S
        while not (home / "done").exists():
            assert time.monotonic() < end, "another worker has not made the book"
            time.sleep(0.1)
        return home / "site"
    build(home)
    (home / "done").touch()
    return home / "site"


def build(home: Path) -> None:
    done = running.executed({SHORT: short(home)}, home / "executed", print)
    sources.Sources(home / "sources", sources.there() | done).gather()
    site.build(home / "sources", home / "built")
    site.put(home / "built", home / "site")


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, Page]:
    """Every page of the book, by its path in it."""
    return {one.relative_to(folder).as_posix(): Page(one) for one in folder.rglob("*.html")}


def short(home: Path, cells: list[str] = CELLS) -> Path:
    told = {"metadata": notebooks.METADATA, "nbformat": 4, "nbformat_minor": 5, "cells": []}
    for number, source in enumerate(cells):
        cell = {"id": f"c{number}", "metadata": {}, "source": source}
        if source.startswith(("#", "<")):
            cell |= {"cell_type": "markdown"}
        else:
            cell |= {"cell_type": "code", "outputs": [], "execution_count": None}
        if source.startswith("folded"):
            cell["metadata"] = {"tags": ["hide-input"]}
        told["cells"].append(cell)
    path = home / f"{SHORT}.ipynb"
    path.write_text(json.dumps(told), "utf-8")
    return path


def of_lessons() -> list[str]:
    """The pages of the lessons and, behind each, that of its notebook, in order."""
    there = sources.there()
    return [
        page
        for one in course.lessons()
        for page in (f"lessons/{one.slug}/index", f"notebooks/{one.slug}")
        if page.startswith("lessons") or one.slug in there
    ]


# -- where its links lead -----------------------------------------------------------------------


def test_every_link_leads_to_a_file_and_its_anchor(pages):
    lost = []
    by_path = {page.path: page for page in pages.values()}
    for name, page in pages.items():
        for target in page.links:
            if urlsplit(target).scheme in ("http", "https"):
                continue
            file, anchor = page.leads_to(target)
            if not file.is_file() or (anchor and anchor not in by_path[file].ids):
                lost.append((name, target))
    assert lost == []


def test_every_page_is_reached_from_the_front(folder, pages):
    by_path = {page.path: page for page in pages.values()}
    reached, left = set(), [folder / "index.html"]
    while left:
        if (path := left.pop()) in by_path and path not in reached:
            reached.add(path)
            left += [by_path[path].leads_to(target)[0] for target in by_path[path].links]
    assert by_path.keys() - reached == {folder / "search.html"}


def test_navigation_has_each_lesson_and_then_its_notebook(pages):
    front = pages["index.html"].text
    tree = front[front.index('<div class="sidebar-tree">') : front.index("</aside>")]
    listed = [one.removesuffix(".html") for one in re.findall(r'href="([^"#]+)"', tree)]

    assert listed == [*of_lessons(), "solutions/index", "CONTRIBUTING", "CHANGELOG"]
    assert re.findall(r'class="caption-text">(.+?)<', tree)[:3] == ["Route", "Consume", "Build"]
    assert ">What is in the cup?</a>" in tree


def test_next_leads_through_the_course(pages):
    page, seen = pages["index.html"], []
    while found := re.search(r'<link rel="next" [^>]*href="([^"]+)"', page.text):
        page = next(one for one in pages.values() if one.path == page.leads_to(found[1])[0])
        seen.append(next(name for name, one in pages.items() if one is page))
    assert [one.removesuffix(".html") for one in seen][: len(of_lessons())] == of_lessons()


def test_source_files_and_folders_are_pages(pages):
    assert "../solutions/trunk/03-routes/index.html" in pages["notebooks/03-routes.html"].links
    listed = pages["solutions/trunk/03-routes/index.html"].links
    assert {"gs2/index.html", "myapp/index.html"} <= set(listed)
    routes = re.sub(r"<[^>]+>", "", pages["solutions/trunk/03-routes/myapp/routes.py.html"].text)
    assert "websocket_urlpatterns = [" in routes


# -- what it shows ------------------------------------------------------------------------------


def test_nothing_is_loaded_from_elsewhere(folder, pages):
    for name, page in pages.items():
        assert "mathjax" not in page.text.lower()
        for target in page.loads:
            if not target.startswith("data:"):
                assert not urlsplit(target).scheme, (name, target)
                assert not target.startswith("//"), (name, target)
                assert page.leads_to(target)[0].is_file(), (name, target)
    for style in folder.rglob("*.css"):
        for target in re.findall(r"url\(['\"]?(.+?)['\"]?\)", style.read_text("utf-8")):
            assert target.startswith("data:") or (style.parent / target).is_file()
        assert "@import" not in style.read_text("utf-8")


def test_pictures_of_the_readme_are_there(pages):
    shown = [target for target in pages["index.html"].loads if target.endswith(".svg")]
    assert [Path(one).name for one in shown] == [
        "check-fails.svg", "check-passes.svg", "waiting.svg",
    ]  # fmt: skip


def test_notebook_shows_outputs_and_folds_answers(pages):
    page = pages["notebooks/03-routes.html"]

    assert re.search(r'class="[^"]*output[^"]*".*?tea\n', page.text, re.S)
    assert f'<img alt="a cup" src="{PICTURE}"' in page.text
    assert re.search(r'<details class="[^"]*hide[^"]*">.*?folded.*?</details>', page.text, re.S)
    assert re.search(
        r"<details><summary>Answer</summary>\s*<p>It is <em>tea</em>.</p>\s*</details>", page.text
    )


def test_marks_for_the_audit_do_not_show(pages):
    lesson = pages["lessons/06-waiting/index.html"]
    assert lesson.text.count("<details") == 2
    for page in pages.values():
        said = " ".join(page.comments)
        assert not re.search(r"listing:|report:|made:|lessons", said)
    assert "&lt;!--" not in lesson.text


def test_no_page_names_this_machine(folder):
    for file in folder.rglob("*"):
        if file.suffix in (".html", ".js"):
            assert str(ROOT) not in file.read_text("utf-8")


def test_index_of_the_search_holds_words_of_each_page(folder):
    text = (folder / "searchindex.js").read_text("utf-8")
    told = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    found = {
        number
        for numbers in told["terms"].values()
        for number in (numbers if isinstance(numbers, list) else [numbers])
    }
    names = {told["docnames"][number] for number in found}
    assert {*of_lessons(), "index", "solutions/index", "CONTRIBUTING", "CHANGELOG"} == names


def test_notebook_that_fails_ends_it(tmp_path):
    path = short(tmp_path, ["assert 1 == 2, 'so it is not'"])
    with pytest.raises(CoachError) as raised:
        running.executed({SHORT: path}, tmp_path / "executed", print)
    assert str(raised.value).startswith("notebooks/03-routes.ipynb does not run cleanly: ")
    assert "AssertionError: so it is not" in str(raised.value)
    assert "\x1b" not in str(raised.value)


# -- in a browser -------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """Where the book is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


# As in tests/site: a Playwright that goes on would keep this thread's event loop.
@pytest.fixture
def chrome() -> Iterator[Browser]:
    with chromium.started() as one:
        yield one


def test_search_finds_a_lesson_and_a_phone_shows_it(chrome, address):
    page = chrome.new_page(base_url=f"http://{address}", viewport={"width": 1100, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    watch = chromium.Watch(page)
    page.goto("/index.html")
    page.locator(".sidebar-search").fill("URLRouter")
    page.locator(".sidebar-search").press("Enter")
    found = page.locator("#search-results a", has_text="Route the sockets").first
    expect(found).to_be_visible(timeout=PATIENCE_MS)
    found.click()
    expect(page.locator("h1")).to_contain_text("Route the sockets", timeout=PATIENCE_MS)

    page.set_viewport_size({"width": 360, "height": 740})
    for name in ("index", "solutions/index", *of_lessons()):
        page.goto(f"/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") == 360, name
    chromium.keep(page, "book-360")
    assert watch.hosts == {address}
    assert [one for one in watch.errors if "404" not in one] == []  # it asks for a favicon
