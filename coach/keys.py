"""Single keys where standard input is a terminal; elsewhere lines, whose first letter counts."""

import contextlib
import importlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    import termios
    import tty
except ImportError:  # Windows
    termios = tty = None  # type: ignore[assignment]


# What a terminal sends for an arrow or a key of function: none of ours.
ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)


class Keys(threading.Thread):
    """Calls `on_key` with each key, from a thread. A context manager, which gives a terminal back
    as it was found."""

    def __init__(self, on_key: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self.on_key = on_key
        self.before: list[Any] | None = None
        self.is_there = is_connected()
        self.is_single = self.is_there and sys.stdin.isatty()

    def __enter__(self) -> "Keys":
        self.take()
        if self.is_single and hasattr(signal, "SIGCONT"):  # the shell gives the terminal back
            signal.signal(signal.SIGCONT, lambda *_: self.take())
        if self.is_there:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.before)

    def take(self) -> None:
        """Have the terminal hand over each key at once; Ctrl-C goes on to be a signal. Needed again
        after a stop, in which the shell had the terminal; which it has while we are behind."""
        if self.is_single and termios is not None:
            with contextlib.suppress(OSError, termios.error):
                if is_behind():
                    return
                self.before = self.before or termios.tcgetattr(sys.stdin)
                tty.setcbreak(sys.stdin)

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while typed := self.next_typed():
                for key in ESCAPE.sub("", typed):
                    self.on_key(key)

    def next_typed(self) -> str:
        """One key or some, in small letters; empty at the end of the input."""
        if self.is_single and termios is None:
            return self.next_of_windows()
        if self.is_single:
            return os.read(sys.stdin.fileno(), 32).decode("utf-8", "replace").lower()
        line = self.next_line()
        return line.strip()[:1].lower() or ("\n" if line else "")

    @staticmethod
    def next_of_windows() -> str:
        """A key of Windows' console, where Ctrl-C is one, and an arrow is two."""
        msvcrt: Any = importlib.import_module("msvcrt")
        key = str(msvcrt.getwch()).lower()
        if key in ("\x00", "\xe0"):
            msvcrt.getwch()
        return "q" if key == "\x03" else key

    def next_line(self) -> str:
        """A line; not by `readline`, whose lock a thread that waits would keep at the end."""
        line = b""
        while sys.stdin and not line.endswith(b"\n") and (more := os.read(sys.stdin.fileno(), 1)):
            line += more
        return line.decode("utf-8", "replace")


def is_connected() -> bool:
    """Whether somebody, or a program, may type on standard input."""
    try:
        return not os.path.samestat(os.fstat(sys.stdin.fileno()), Path(os.devnull).stat())
    except (AttributeError, OSError, ValueError):  # there is none, or it is closed
        return False


def is_behind() -> bool:
    """Whether the shell has put us behind: to change its terminal then would stop us."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp()
    except OSError:  # a terminal, but not one that a shell controls us by
        return False
