"""Real servers for the tests: of the finished site, or of a folder that a test has made."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import Server, daphne_in, runserver_in

ROOT = Path(__file__).resolve().parents[2]

Start = Callable[..., Server]


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """The servers of one test, which its end stops."""
    started: list[Server] = []
    yield started
    for server in started:
        server.stop()


@pytest.fixture
def start_daphne(servers: list[Server]) -> Start:
    """A function that starts a Daphne in a folder."""

    def start(folder: Path, *options: str) -> Server:
        servers.append(daphne_in(folder, *options))
        return servers[-1]

    return start


@pytest.fixture
def start_runserver(servers: list[Server]) -> Start:
    """A function that starts `runserver` in a folder."""

    def start(folder: Path) -> Server:
        servers.append(runserver_in(folder))
        return servers[-1]

    return start


@pytest.fixture(scope="session")
def daphne() -> Iterator[Server]:
    """The finished site, served."""
    served = daphne_in(ROOT)
    yield served
    served.stop()


@pytest.fixture
def compose(tmp_path: Path) -> Callable[..., Path]:
    """A function that lays out the site as it is after lesson N; after 0, as the course begins."""

    def lay_out(number: int, branch: str = "async") -> Path:
        folder = tmp_path / f"state-{number}-{branch}"
        lessons = sorted((ROOT / "lessons").iterdir())
        shutil.copytree(lessons[0] / "handout", folder)
        for lesson in lessons[:number]:
            written = (ROOT / "solutions" / one / lesson.name for one in ("trunk", branch))
            for overlay in (lesson / "handout", *written):
                if overlay.is_dir():
                    shutil.copytree(overlay, folder, dirs_exist_ok=True)
        return folder

    return lay_out
