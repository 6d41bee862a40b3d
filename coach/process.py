"""Processes for learners' code: forked from a warm one where the system can, fresh elsewhere."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from coach.output import MAX_OUTPUT_BYTES, Output

Told = dict[str, Any]
CHILD = Path(__file__).parent / "child"
GUARD = CHILD / "guard"
# What would change how a learner's site behaves, wherever it comes from.
UNWANTED = (
    "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE", "PYTHONPATH", "PYTHONWARNINGS",
    "REDIS_URL", "DATABASE_URL", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS",
)  # fmt: skip
CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds")
MAX_ANSWERS = 10_000


def clean_environ() -> dict[str, str]:
    """The environment for learners' code: no settings of its own, no foreign import path, and no
    colours in a traceback, which Jupyter asks for and Python 3.13 then writes into a pipe too."""
    environ = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    return environ | {"PYTHONIOENCODING": "utf-8:replace", "PYTHON_COLORS": "0"}


def end_strays(mark: str, but: Sequence[int] = ()) -> None:
    """End what learners' code started outside of its process group: on Linux, where the
    environment of a process tells whose it is. Elsewhere such a process stays."""
    for name in os.listdir("/proc") if sys.platform == "linux" else ():  # noqa: PTH208 (4 × as fast)
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{name}/environ", "rb") as environ:  # noqa: PTH123 (no Path of each)
                is_marked = mark.encode() in environ.read()
            if is_marked and int(name) not in but:
                os.kill(int(name), signal.SIGKILL)


def kill_group(pid: int) -> None:
    """End a process and everything that it started."""
    with contextlib.suppress(OSError):  # it has ended by itself
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)


class Process:
    """One process with a line of JSON in for each command and one out for each answer.

    `on_answer` is called from a reading thread with each answer; with `{"say": "flood", "of":
    "output"|"events"}` where the output or the events pass their bound, after which no event
    comes any more; and once with `{"say": "gone"}` at the end.
    """

    def __init__(self, pid: int, streams: tuple[IO[bytes], IO[bytes], IO[bytes]]) -> None:
        self.pid = pid
        self.output = Output()
        self.commands, self.answers, self.printed = streams
        self.threads: list[threading.Thread] = []

    def listen(self, on_answer: Callable[[Told], None]) -> None:
        for target in (self._read_answers, self._read_output):
            thread = threading.Thread(target=target, args=(on_answer,), daemon=True)
            thread.start()
            self.threads.append(thread)

    def _read_answers(self, on_answer: Callable[[Told], None]) -> None:
        heard = 0
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            for line in self.answers:
                told = json.loads(line)
                heard += told["say"] != "place"
                if heard <= MAX_ANSWERS or told["say"] == "place":
                    on_answer(told)
                elif heard == MAX_ANSWERS + 1:
                    on_answer({"say": "flood", "of": "events"})
        on_answer({"say": "gone"})

    def _read_output(self, on_answer: Callable[[Told], None]) -> None:
        was_flooded = False
        with contextlib.suppress(OSError, ValueError):
            for line in iter(lambda: self.printed.readline(MAX_OUTPUT_BYTES), b""):
                self.output.add(line)
                if self.output.is_flooded and not was_flooded:
                    was_flooded = True
                    on_answer({"say": "flood", "of": "output"})

    def catch_up(self) -> None:
        """Let the reading thread take what has been printed so far."""
        end = time.monotonic() + 0.3
        unread, lines = True, -1
        while unread and time.monotonic() < end and self.threads[-1].is_alive():
            try:
                unread = bool(select.select([self.printed], [], [], 0)[0])
                time.sleep(0.002)
            except (OSError, ValueError):  # Windows cannot ask a pipe: until no more comes
                unread, lines = self.output.lines != lines, self.output.lines
                time.sleep(0.05)

    def tell(self, command: Told) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.commands.write(json.dumps(command).encode() + b"\n")
            self.commands.flush()

    def reap(self) -> int:
        """The exit status of a process that has ended: negative for a signal."""
        raise NotImplementedError

    def kill(self) -> int:
        """End the process and everything that it started; its exit status."""
        kill_group(self.pid)
        status = self.reap()
        self.close()
        return status

    def close(self, patience_s: float = 0.5) -> None:
        """Close the pipes, except where a process that the learner's code left behind holds the
        other end: a thread that reads from it then makes closing wait for ever."""
        for thread in self.threads:
            thread.join(patience_s)
        if any(thread.is_alive() for thread in self.threads):
            return
        for stream in (self.commands, self.answers, self.printed):
            with contextlib.suppress(OSError, ValueError):
                stream.close()

    @property
    def is_closed(self) -> bool:
        return self.answers.closed


class FreshProcess(Process):
    """A new interpreter for each site."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environ, start_new_session=True,
        )  # fmt: skip
        popen = self.popen
        streams = (popen.stdin, popen.stdout, popen.stderr)
        super().__init__(popen.pid, streams)  # type: ignore[arg-type]

    def reap(self) -> int:
        return self.popen.wait()


class ForkedProcess(Process):
    """A fork of the warm process."""

    def __init__(self, zygote: "Zygote", imports: Sequence[str] = ()) -> None:
        self.zygote = zygote
        self.status: int | None = None
        inner, outer = zip(*(self._pipe(number) for number in range(3)), strict=True)
        pid = zygote.ask({"do": "fork", "imports": imports}, list(inner))["pid"]
        for number in inner:
            os.close(number)
        streams = tuple(
            os.fdopen(number, mode) for number, mode in zip(outer, ("wb", "rb", "rb"), strict=True)
        )
        super().__init__(pid, streams)  # type: ignore[arg-type]

    @staticmethod
    def _pipe(number: int) -> tuple[int, int]:
        """The child's end and ours; number 0 is the one that the child reads."""
        readable, writable = os.pipe()
        return (readable, writable) if number == 0 else (writable, readable)

    def reap(self) -> int:
        if self.status is None:
            try:
                answer = self.zygote.ask({"do": "reap", "pid": self.pid}, [])
                self.status = os.waitstatus_to_exitcode(answer["status"])
            except OSError:  # who could tell has ended, and this one before it
                self.status = -signal.SIGKILL
        return self.status


class Zygote:
    """The warm process. It begins to import at once; the first fork waits for it."""

    def __init__(self, environ: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        self.link = ours
        self.lock = threading.Lock()
        self.popen = subprocess.Popen(
            [sys.executable, "-P", str(CHILD), "zygote", str(theirs.fileno())],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()], env=environ, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self.buffer = self.link.makefile("rb")

    def ask(self, order: Told, descriptors: list[int]) -> Told:
        with self.lock:
            socket.send_fds(self.link, [json.dumps(order).encode()], descriptors)
            line = self.buffer.readline()
        if not line:
            raise ConnectionError("the process that starts learners' sites has ended")
        answer: Told = json.loads(line)
        return answer

    def close(self) -> None:
        self.buffer.close()
        self.link.close()
        self.popen.wait()


class Launcher:
    """Starts one process for each site. Use as a context manager; `can_fork=False` forces
    the way of systems without fork."""

    def __init__(self, can_fork: bool = CAN_FORK) -> None:
        self.mark = f"COACH_RUN={os.urandom(8).hex()}"
        self.zygote = Zygote(self.environ) if can_fork else None
        self.next: FreshProcess | None = None if can_fork else FreshProcess(self.environ)
        self.running: set[Process] = set()
        self.lingering: list[Process] = []

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every process that it starts, by which its strays are found."""
        return clean_environ() | dict([self.mark.split("=")])

    def start(self, config: Told) -> Process:
        process: Process
        if self.zygote:
            process = ForkedProcess(self.zygote, config.get("imports", ()))
        else:
            process, self.next = self.next or FreshProcess(self.environ), None
        self.running.add(process)
        process.tell(config)
        return process

    def stop(self, process: Process) -> int:
        self.running.discard(process)
        status = process.kill()
        if not process.is_closed:
            self.lingering.append(process)
        return status

    def tidy_up(self) -> None:
        """After a check: end what it has left, and have the next process ready."""
        for process in [*self.running]:
            self.stop(process)
        if self.zygote is None:
            self.next = self.next or FreshProcess(self.environ)
        end_strays(self.mark, [one.popen.pid for one in (self.zygote, self.next) if one])
        for process in self.lingering:
            process.close(0)
        self.lingering = [process for process in self.lingering if not process.is_closed]

    def close(self) -> None:
        for process in [*self.running, *([self.next] if self.next else [])]:
            self.stop(process)
        if self.zygote:
            self.zygote.close()
        end_strays(self.mark)
        for process in self.lingering:
            process.close()

    def __enter__(self) -> "Launcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
