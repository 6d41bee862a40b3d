"""Plain data about what the learner's code did: exceptions, frames, routers, threads.

Everything here has to survive objects that misbehave, since learners may pass anything.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from inspect import CO_COROUTINE
from types import FrameType, ModuleType, TracebackType
from typing import Any

from coach.child.anatomy import anatomy

Told = dict[str, Any]
MOST_FRAMES, MOST_NAMES = 40, 500
MOST_CHARS = 2_000


class Witness:
    """Describes objects of one learner's process; `work` is the folder of their files."""

    def __init__(self, work: str) -> None:
        self.work = os.path.join(work, "")
        self.before = next(reversed(sys.modules))  # the last module that is not the learner's

    def is_ours(self, filename: str) -> bool:
        """Whether a file belongs to the learner."""
        return filename.startswith(self.work)

    def modules(self) -> list[str]:
        """The learner's modules that are imported by now."""
        names = [*sys.modules]
        # A fork copies each page of memory that it looks at: what was there before is passed over.
        names = names[names.index(self.before) + 1 :] if self.before in sys.modules else names
        files = {name: getattr(sys.modules.get(name), "__file__", None) for name in names}
        return [name for name, file in files.items() if self.is_ours(file or "")]

    def place(self, filename: str, line: int | None, name: str) -> Told:
        """One place in code; `work` says whether `file` is relative to the learner's folder.

        With slashes on Windows too: diagnoses know files of Channels and Django by their ends.
        """
        ours = self.is_ours(filename)
        file = filename[len(self.work) if ours else 0 :].replace(os.sep, "/")
        return {"file": file, "line": line or 0, "name": name, "work": ours}

    def frame(self, frame: FrameType) -> Told:
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        return self.place(code.co_filename, frame.f_lineno, name)

    def error(self, error: BaseException) -> list[Told]:
        """The chain of an exception, the first cause first.

        What the learner's own code has caught is no cause of what goes wrong in its `except`.
        """
        chain: list[Told] = []
        seen: set[int] = set()
        link: BaseException | None = error
        while link is not None and id(link) not in seen:
            seen.add(id(link))
            chain.append(self._one_error(link))
            link = link.__cause__ or self._before(link)
        return chain[::-1]

    def _before(self, error: BaseException) -> BaseException | None:
        """The exception during whose handling this one came up, unless the learner handled it."""
        before = None if error.__suppress_context__ else error.__context__
        if before is None:
            return None
        caught = {id(frame) for frame in frames_of(before)}
        is_handled = any(id(frame) in caught and self._is_ours(frame) for frame in frames_of(error))
        return None if is_handled else before

    def _is_ours(self, frame: FrameType) -> bool:
        return self.is_ours(frame.f_code.co_filename)

    def _one_error(self, error: BaseException) -> Told:
        told: Told = {
            "type": type(error).__name__,
            "module": type(error).__module__,
            "text": text_of(error),
            "frames": self._frames_of(error.__traceback__),
        }
        asked = sys.modules.get(f"{error.name}") if type(error) is ImportError else None
        if isinstance(asked, ModuleType):
            told["has"] = sorted(map(text_of, vars(asked)))[:MOST_NAMES]
        if isinstance(error, SyntaxError) and error.filename:
            told["frames"].append(self.place(error.filename, error.lineno, ""))
            told["text"] = str(error.msg)
            told["source"] = (error.text or "").removeprefix("\ufeff").rstrip()
        return told

    def _frames_of(self, traceback: TracebackType | None) -> list[Told]:
        frames: list[Told] = []
        while traceback is not None:
            told = self.frame(traceback.tb_frame)
            told["line"] = traceback.tb_lineno or 0
            frames.append(told)
            traceback = traceback.tb_next
        ours = [frame for frame in frames[:-MOST_FRAMES] if frame["work"]]
        return ours[-1:] + frames[-MOST_FRAMES:]

    def sender(self, frame: FrameType | None) -> Told | None:
        """The learner's line that is sending: up this stack, or in the one thread that waits.

        `runs_on` says which it is: "loop", the event loop's thread, or "thread", another.
        """
        here = self._learner_frame(frame)
        if here is not None:
            return here | {"runs_on": "loop"}
        current = threading.get_ident()
        others = [
            found
            for ident, stack in sys._current_frames().items()
            if ident != current and (found := self._learner_frame(stack)) is not None
        ]
        return others[0] | {"runs_on": "thread"} if len(others) == 1 else None

    def _learner_frame(self, frame: FrameType | None) -> Told | None:
        while frame is not None:
            if self.is_ours(frame.f_code.co_filename):
                return self.frame(frame)
            frame = frame.f_back
        return None

    def running_on(self, thread: int) -> Told | None:
        """The learner's line that an event loop's thread is running now: the coroutine's, where
        that has called a plain function."""
        frame = sys._current_frames().get(thread)
        innermost = self._learner_frame(frame)
        while frame is not None:
            if self.is_ours(frame.f_code.co_filename) and frame.f_code.co_flags & CO_COROUTINE:
                return self.frame(frame)
            frame = frame.f_back
        return innermost

    def where(self, loop: asyncio.AbstractEventLoop | None) -> list[Told]:
        """The learner's lines that are running or awaited now, threads before tasks."""
        current = threading.get_ident()
        places = [
            found
            for ident, stack in sys._current_frames().items()
            if ident != current and (found := self._learner_frame(stack)) is not None
        ]
        tasks: Iterable[asyncio.Task[Any]] = asyncio.all_tasks(loop) if loop else ()
        for task in tasks:
            found = self._awaiting(task.get_coro())
            if found is not None:
                places.append(found)
        return places

    def _awaiting(self, coroutine: Any) -> Told | None:
        """The innermost line of the learner's on which a coroutine is waiting."""
        found = None
        while coroutine is not None:
            frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
            if frame is not None and self.is_ours(frame.f_code.co_filename):
                found = self.frame(frame)
            coroutine = getattr(coroutine, "cr_await", None)
        return found

    def has_background_work(self, loop: asyncio.AbstractEventLoop, known: set[Any]) -> bool:
        """Whether tasks or threads of the learner's own are still at work beside a connection."""
        current = threading.get_ident()
        for ident, stack in sys._current_frames().items():
            if ident != current and self._learner_frame(stack) is not None:
                return True
        if any(
            isinstance(thread, threading.Timer) and thread.is_alive()
            for thread in threading.enumerate()
        ):
            return True
        return any(
            task not in known and self._awaiting(task.get_coro()) is not None
            for task in asyncio.all_tasks(loop)
        )

    def unawaited(self, coroutine: Coroutine[Any, Any, Any]) -> Told:
        """A coroutine that nobody awaited: its name and the learner's line that made it."""
        code = getattr(coroutine, "cr_code", None)
        name = getattr(coroutine, "__qualname__", "?")
        for filename, line, function in getattr(coroutine, "cr_origin", None) or ():
            if self.is_ours(filename):
                return {"coroutine": name, "at": self.place(filename, line, function)}
        if code is not None and self.is_ours(code.co_filename):
            place = self.place(code.co_filename, code.co_firstlineno, name)
            return {"coroutine": name, "at": place}
        return {"coroutine": name, "at": None}

    def application(self, app: Any, depth: int = 0) -> Told:
        """What an ASGI application is made of: routers, their keys and patterns, wrappers."""
        try:
            return self._application(app, depth)
        except Exception as error:
            return {"kind": "unknown", "name": type(error).__name__}

    def _application(self, app: Any, depth: int) -> Told:
        from channels.routing import ProtocolTypeRouter, URLRouter

        kind = type(app).__name__
        if depth > 12:
            return {"kind": kind}
        if isinstance(app, ProtocolTypeRouter):
            mapping = app.application_mapping
            given = {"kind": kind, "mapping": type(mapping).__name__}
            if not isinstance(mapping, Mapping):
                return given
            inner = [self.application(value, depth + 1) for value in mapping.values()]
            return given | {"protocols": [text_of(key) for key in mapping], "inner": inner}
        if isinstance(app, URLRouter):
            routes = [self._route(route, depth) for route in app.routes]
            return {"kind": kind, "given": type(app.routes).__name__, "routes": routes}
        if isinstance(app, type):
            return {"kind": "class", **anatomy(app, self.is_ours, self.place)}
        told: Told = {"kind": kind, "name": getattr(app, "__qualname__", "")}
        if hasattr(app, "consumer_class"):
            told = {"kind": "consumer", **anatomy(app.consumer_class, self.is_ours, self.place)}
        elif "consumer_class" not in vars(type(app)) and hasattr(app, "as_asgi"):
            told = {"kind": "instance", **anatomy(type(app), self.is_ours, self.place)}
        for name in ("inner", "application", "app"):
            if name in getattr(app, "__dict__", {}):
                told["inner"] = [self.application(app.__dict__[name], depth + 1)]
                break
        if kind == "OriginValidator":
            told["origins"] = [text_of(origin) for origin in app.allowed_origins]
        return told

    def routers(self, module: Any) -> list[str]:
        """The names in a module that are bound to a ProtocolTypeRouter."""
        named = getattr(module, "__dict__", {}).items()
        return [name for name, value in named if type(value).__name__ == "ProtocolTypeRouter"]

    def _route(self, route: Any, depth: int) -> Told:
        pattern = route.pattern
        return {
            "pattern": str(pattern),
            "regex": not hasattr(pattern, "_route"),  # a RoutePattern has both
            "to": self.application(route.callback, depth + 1),
        }


def frames_of(error: BaseException) -> Iterator[FrameType]:
    """The frames through which an exception has come, from where it was caught."""
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def text_of(thing: object) -> str:
    """`str(thing)`, bounded, even where it raises."""
    try:
        text = str(thing)
    except Exception as error:
        text = f"<no text: {type(error).__name__}>"
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + "…"
