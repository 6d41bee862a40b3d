"""Where a connection goes: a real scope sent through a site, and every layer that it comes to.

    from coach.trace import trace
    trace("/ws/hello/", site.folder)                                a state of the course
    trace("/ws/chat/tea/", "../mysite", "mysite.asgi:application")  any project with Channels

The site runs in a process of its own, as in a check, with a database that is not its own; that gets
its tables where a connection asks for one.
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from coach.address import address
from coach.process import UNWANTED, Launcher
from coach.tracing import ENTRY, Trace, TracedSite


def trace(url: str, folder: str | Path, asgi: str = ENTRY, protocol: str = "websocket") -> Trace:
    """The way of a connection to `url` in the project in `folder`, where nothing is written.

    It may be called while an event loop runs, as in a notebook. A `ValueError` for what is no URL.
    """
    sent = address(url, protocol)

    def work() -> Trace:
        with Launcher() as launcher, project(launcher, Path(folder), asgi) as site:
            return asyncio.run(site.once(sent))

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@contextlib.contextmanager
def project(
    launcher: Launcher, folder: Path, asgi: str, patience: float = 1.0
) -> Iterator[TracedSite]:
    """A project where it lies. It gets this terminal's settings, and writes no bytecode."""
    folder = folder.resolve()
    kept = {name: os.environ[name] for name in UNWANTED if name in os.environ}
    environ = {name: text for name, text in kept.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory(prefix="coach-", ignore_cleanup_errors=True) as beside:
        environ |= {
            "COACH_DATABASE": str(Path(beside, "trace.sqlite3")), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        yield TracedSite(launcher, str(folder), environ, asgi, folder.name, patience)
