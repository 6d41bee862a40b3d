"""A real browser for the tests: the system's Chromium, driven by Playwright."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MISSING = (
    "There is no Chromium. `apt-get install chromium` brings one; CHROMIUM=path names another."
)

# Nothing that calls home, and nothing that a container has not got.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

ROOT = Path(__file__).resolve().parents[2]

# Where a test leaves what it has seen, for people to look at.
ARTEFACTS = ROOT / "tests/artefacts"

# The ratio of the colour of every text that can be read to what lies behind it, and of every lane.
CONTRASTS = """() => {
  const light = (colour) => {
    const parts = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
  };
  const says = (element) => element.matches("input, select") ||
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const read = (element) => says(element) && element.checkVisibility() &&
    !element.closest(":disabled, template, script, svg, option");
  const texts = [...document.body.querySelectorAll("*")].filter(read);
  const lanes = [...document.querySelectorAll("rect")];
  return {
    texts: texts.map((one) => ratio(getComputedStyle(one).color, behind(one))),
    lanes: lanes.map((one) => ratio(getComputedStyle(one).fill, behind(one))),
  };
}"""


def found(
    environment: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
) -> str:
    """The path of a Chromium. Without one the test is skipped, and fails where CI is `true`."""
    path = environment.get("CHROMIUM") or next((p for name in NAMES if (p := which(name))), None)
    return path or refuse(environment)


def refuse(environment: Mapping[str, str]) -> NoReturn:
    if environment.get("CI") == "true":
        pytest.fail(MISSING)
    pytest.skip(MISSING)


def keep(page: Page, name: str) -> None:
    """Leaves a picture of the page among the artefacts."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


def lowest_contrast(page: Page) -> float:
    """The lowest ratio among the texts that can be read; WCAG AA asks for 4.5."""
    return min(page.evaluate(CONTRASTS)["texts"])


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=found(), args=FLAGS)


@contextlib.contextmanager
def started() -> Iterator[Browser]:
    """A Chromium of its own. While it runs, its Playwright keeps an event loop in this thread, in
    which no test with a loop of its own can run."""
    found()
    with sync_playwright() as playwright:
        one = launch(playwright)
        yield one
        one.close()


class Watch:
    """What a page asked for, and what went wrong in it, from the moment this is made."""

    def __init__(self, page: Page) -> None:
        self.addresses: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("websocket", lambda socket: self.addresses.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._keep)

    def _keep(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(address).netloc for address in self.addresses} - {""}


def unexpected(errors: Iterable[str]) -> list[str]:
    """Errors that are not about a socket, of which Chromium itself reports every failure."""
    return [error for error in errors if not error.startswith("WebSocket connection to ")]
