"""States of the site for notebooks: files in a folder of their own, to import, run and change.

    site = state(3)                                         the site after lesson 3
    broken = site.without("gs2/asgi.py", "import os")       the same, with one line less
    print(broken.knock("/ws/hello/"))                       what a client of that one meets

Nothing here touches work/ or the repository, and every folder goes when the kernel ends.
"""

import atexit
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from coach import course
from coach.course import ROOT, Edit, Tree
from coach.notebook.server import Server, serve
from coach.process import UNWANTED, clean_environ
from coach.trace import trace
from coach.tracing import Trace

RUN_LIMIT_S = 30.0
Ended = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Outcome:
    """What became of one client or one process.

    events: what the application sent, a line each, such as "websocket.accept"
    error: the first exception of the chain, as "ValueError: text"; "" where nothing was raised
    output: what was printed
    started: False where the site could not even be imported
    """

    events: list[str] = field(default_factory=list)
    error: str = ""
    output: str = ""
    started: bool = True

    def __str__(self) -> str:
        error = self.error if self.started else f"does not start · {self.error}"
        return "\n".join(filter(None, [*self.events, self.output.strip(), error]))


class State:
    """The site after one lesson, as files in a folder that nobody else uses."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="notebook-")))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        for path, data in tree.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    def file(self, path: str) -> str:
        """The text of one file, such as `gs2/asgi.py`."""
        return self.tree[path].decode()

    # -- other files --------------------------------------------------------------------------

    def without(self, path: str, *lines: str) -> "State":
        """The same site, less these lines of a file; each as it stands there, indented or not.

        A `LookupError` where a line does not stand there exactly once.
        """
        left = self.file(path).splitlines(keepends=True)
        for line in lines:
            found = [number for number, one in enumerate(left) if one.strip() == line.strip()]
            if len(found) != 1:
                raise LookupError(f"{path} has {len(found)} lines {line.strip()!r}, not one.")
            del left[found[0]]
        return State(self.tree | {path: "".join(left).encode()})

    def edited(self, path: str, find: str, put: str) -> "State":
        """The same site with `put` in the place of `find`, which stands in the file once."""
        return State(course.edited(self.tree, [Edit(path, find, put)]))

    # -- processes of its own -------------------------------------------------------------------

    def knock(self, path: str, *frames: str) -> Outcome:
        """What a WebSocket meets that opens at `path`, sends these texts, and leaves."""
        return self._client("websocket", path, *frames)

    def get(self, path: str) -> Outcome:
        """What GET gets at `path`."""
        return self._client("http", path)

    def trace(self, url: str) -> Trace:
        """The way that a connection to `url` takes, as `make trace` draws it."""
        return trace(url, self.folder)

    def _client(self, *arguments: str) -> Outcome:
        ended = self._run(["-m", "coach.notebook.client", *arguments], {})
        answer = ended.stdout.splitlines()[-1:]
        if not answer:
            return Outcome(error=ended.stderr, started=False)
        told: dict[str, Any] = json.loads(answer[0])
        return Outcome(told["events"], told["error"], started=told["started"])

    def python(self, code: str, **environ: str) -> Outcome:
        """What a new Python prints that runs `code` beside manage.py, with `environ` added."""
        return _outcome(self._run(["-c", code], environ))

    def manage(self, *arguments: str, **environ: str) -> Outcome:
        """What `python manage.py` prints with these arguments."""
        return _outcome(self._run(["manage.py", *arguments], environ))

    def _run(self, arguments: list[str], more: dict[str, str]) -> Ended:
        # Each state has its own gs2 and myapp, so those of the repository are never reached.
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder, env=clean_environ() | {"PYTHONPATH": path} | more,
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace",
            timeout=RUN_LIMIT_S, check=False,
        )  # fmt: skip

    def log_in(self, *names: str) -> dict[str, str]:
        """Make the database, and these users in it: the session key of each, for a cookie."""
        self.manage("migrate", "--verbosity=0")
        ended = self._run(["-m", "coach.notebook.users", *names], {})
        keys: dict[str, str] = json.loads(ended.stdout)
        return keys

    @contextlib.contextmanager
    def daphnes(self, count: int, **environ: str) -> Iterator[list[Server]]:
        """Real Daphnes that serve this site, each on a free port of 127.0.0.1, until the block
        ends. `environ` is added to their environment."""
        with serve(self.folder, count, clean_environ() | environ) as servers:
            yield servers

    @contextlib.contextmanager
    def daphne(self, **environ: str) -> Iterator[Server]:
        """One real Daphne, likewise."""
        with self.daphnes(1, **environ) as (server,):
            yield server


def _outcome(ended: Ended) -> Outcome:
    """What a process printed; of a traceback its last line alone."""
    if not ended.returncode:
        return Outcome(output=ended.stdout)
    said = ended.stderr.strip()
    return Outcome(error=said.splitlines()[-1] if "Traceback (most" in said else said)


@cache
def state(number: int, branch: str = "async") -> State:
    """The site after lesson `number`: of the async branch, unless `branch` is "sync".

    The first one of a kernel is what it imports `gs2` and `myapp` from.
    """
    site = State(course.state(number, branch))
    if not _entered:
        for name in UNWANTED:  # as if nothing had been set up before
            os.environ.pop(name, None)
        sys.path.insert(0, str(site.folder))
        _entered.append(site.folder)
    return site


_entered: list[Path] = []
