"""One client of the site in the working directory, without a server: prints what it met as JSON.

    python -m coach.notebook.client websocket /ws/hello/ tea milk    open, send two texts, leave
    python -m coach.notebook.client http /

`{"started": true, "events": ["websocket.accept", …], "error": "ValueError: …"}`, where `started`
says whether the site could be imported, and the error is the first exception of the chain, "" where
none was raised.
"""

import asyncio
import importlib
import json
import sys
from typing import Any

from coach.asgi import decoded, event_named, http_scope, websocket_scope


async def visit(
    application: Any, kind: str, path: str, frames: list[str], events: list[str]
) -> None:
    """Talk to the application; `events` grows by what it sends."""
    waiting: list[dict[str, Any]] = [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": frame} for frame in frames),
        {"type": "websocket.disconnect", "code": 1000},
    ]
    if kind == "http":
        waiting = [{"type": "http.request"}]  # and stays: Django answers nobody who has left

    async def receive() -> dict[str, Any]:
        # Whoever asks for the next event has answered the last one: no need to wait for silence.
        return waiting.pop(0) if waiting else await asyncio.Future()

    async def send(event: dict[str, Any]) -> None:
        events.append(event_named(event))

    scope = http_scope(path) if kind == "http" else websocket_scope(path)
    await application(rebuilt(scope), receive, send)


def rebuilt(scope: dict[str, Any]) -> dict[str, Any]:
    """A scope as a server gives it: bytes as bytes, pairs as tuples."""
    scope = dict(decoded(scope))
    return scope | {"headers": [tuple(one) for one in scope["headers"]]}


def first_error(error: BaseException) -> str:
    """The exception with which a chain began."""
    while error.__cause__ or (error.__context__ and not error.__suppress_context__):
        error = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {error}"


def main() -> None:
    kind, path, *frames = sys.argv[1:]
    events: list[str] = []
    error, has_started = "", False
    try:
        application = importlib.import_module("gs2.asgi").application
        has_started = True
        asyncio.run(visit(application, kind, path, frames, events))
    except Exception as raised:
        error = first_error(raised)
    print(json.dumps({"started": has_started, "events": events, "error": error}))


if __name__ == "__main__":
    main()
