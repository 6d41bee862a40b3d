"""The application that the server serves.

Over WebSocket: /lab/thread-each/<path> is the site's <path> with a thread for each connection; the
other /lab/… paths are the contenders. Over HTTP: /lab/record and /lab/pause/<seconds>.
Everything else is the site's.
"""

import importlib
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from asgiref.sync import ThreadSensitiveContext

from . import recorder
from .files import allow_many_files

Event = dict[str, Any]
Application = Callable[..., Any]
THREAD_EACH = "/lab/thread-each"
PAUSED = ("myapp.consumers", "myapp.trap")


def end_with_parent() -> None:
    """Leave when the laboratory has gone, however it went: its end of the pipe closes then."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def sites_application() -> Application:
    """The site's own: gs2.asgi as a server imports it, or another that ASGI_APPLICATION names."""
    module = importlib.import_module("gs2.asgi")
    from django.conf import settings

    named = getattr(settings, "ASGI_APPLICATION", None) or "gs2.asgi.application"
    if named != "gs2.asgi.application":
        name, _, attribute = named.rpartition(".")
        return getattr(importlib.import_module(name), attribute)  # type: ignore[no-any-return]
    return module.application  # type: ignore[no-any-return]


def set_pause(seconds: float) -> None:
    """Make the site's pauses this long, where they are the constants that the lessons name."""
    for module in filter(None, map(sys.modules.get, PAUSED)):
        if hasattr(module, "PAUSE_S"):
            setattr(module, "PAUSE_S", seconds)  # noqa: B010  (no type checker knows the name)


end_with_parent()
allow_many_files()
recorder.watch_waits()
site = sites_application()

from . import contenders  # noqa: E402  (the site's settings have to be known first)

contenders.use_own_database()
contenders.create_lines()


async def application(
    scope: Event, receive: Callable[[], Any], send: Callable[[Event], Any]
) -> None:
    path = scope.get("path", "")
    if scope["type"] == "http" and path.startswith("/lab/"):
        await answer_json(asked(path), send)
        return
    if scope["type"] == "websocket":
        recorder.client.set((scope.get("client") or (None, None))[1])
    if path.startswith(THREAD_EACH):
        inner = path.removeprefix(THREAD_EACH)
        async with ThreadSensitiveContext():
            await routed({**scope, "path": inner, "raw_path": inner.encode()}, receive, send)
    else:
        await routed(scope, receive, send)


async def routed(scope: Event, receive: Callable[[], Any], send: Callable[[Event], Any]) -> None:
    own: Application = contenders.CONTENDERS.get(scope.get("path", ""), site)
    await own(scope, receive, send)


def asked(path: str) -> Event:
    """What the laboratory gets for its own path over HTTP."""
    if path.startswith("/lab/pause/"):
        set_pause(float(path.rpartition("/")[2]))
    return recorder.record()


async def answer_json(told: Event, send: Callable[[Event], Any]) -> None:
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
