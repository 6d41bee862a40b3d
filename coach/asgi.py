"""ASGI as a client of it sees it: scopes, events in words, and the rules for what is sent."""

import base64
from typing import Any

from coach.evidence import Frame, Told, frame_named, shown

HOME = "http://127.0.0.1"  # the origin of the site's own pages
SERVER_EVENTS = {"websocket.accept", "websocket.send", "websocket.close"}


def http_scope(path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Told:
    """The scope of a request, as a server makes it. A header without a text is left out."""
    bare, _, query = path.partition("?")
    named = {"host": "127.0.0.1", **(headers or {})}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1", "method": method, "scheme": "http", "root_path": "",
        "path": bare, "raw_path": {"$bytes": base64.b64encode(bare.encode()).decode()},
        "query_string": {"$bytes": base64.b64encode(query.encode()).decode()},
        "headers": [[_bytes(name), _bytes(value)] for name, value in named.items() if value],
        "client": ["127.0.0.1", 50_000], "server": ["127.0.0.1", 80],
    }  # fmt: skip


def websocket_scope(
    path: str, number: int = 0, session: str = "", origin: str | None = HOME
) -> Told:
    """The scope of a WebSocket, as a server makes it: each client comes from a port of its own."""
    headers = {"origin": origin or "", "cookie": session and f"sessionid={session}"}
    scope = http_scope(path, headers=headers) | {"type": "websocket", "scheme": "ws"}
    del scope["method"]
    return scope | {"client": ["127.0.0.1", 50_000 + number], "subprotocols": []}


def _bytes(text: str) -> Told:
    return {"$bytes": base64.b64encode(text.encode()).decode()}


def decoded(event: Any) -> Any:
    """An event with its bytes back; what was no plain value stays a dict with `$object`."""
    if isinstance(event, dict):
        if set(event) == {"$bytes"}:
            return base64.b64decode(event["$bytes"])
        return {key: decoded(value) for key, value in event.items()}
    return [decoded(item) for item in event] if isinstance(event, list) else event


def event_named(event: Any) -> str:
    """An event on the tape: its type, and what it carries."""
    if not isinstance(event, dict):
        return shown(event)
    parts = [str(event.get("type", "an event without a type"))]
    for key in ("text", "bytes", "code", "status", "body"):
        value = event.get(key)
        if value is not None and (key, value) != ("body", b""):
            text = value.get("text") if isinstance(value, dict) and "$object" in value else value
            parts.append(f"{key}={shown(text)}")
    return " ".join(parts)


def event_got(event: Any) -> str:
    """An event as the "got" of a report."""
    frame = frame_of(event)
    if frame is not None:
        return frame_named(frame)
    if isinstance(event, dict) and event.get("type") == "websocket.close":
        return f"websocket.close with code {event.get('code', 1000)}"
    return event_named(event)


def frame_of(event: Any) -> Frame | None:
    """The frame that a client would see for a `websocket.send`, or None.

    Where both keys are there, Daphne passes over the one that is empty.
    """
    if not isinstance(event, dict) or event.get("type") != "websocket.send":
        return None
    pairs = (("bytes", bytes), ("text", str))
    frames = [event[key] for key, kind in pairs if isinstance(event.get(key), kind)]
    return next(filter(None, frames), frames[0] if frames else None)


def broken_rule(event: Any, is_open: bool) -> str:
    """The rule of ASGI that an outgoing event breaks, or nothing.

    Source: the WebSocket part of the ASGI specification. Daphne breaks off or keeps silent
    where one of these is broken, so the step stops here.
    """
    if not isinstance(event, dict):
        return "`send` takes a dict"
    kind = event.get("type")
    if kind not in SERVER_EVENTS:
        return "no server knows this type of event"
    if kind == "websocket.accept" and is_open:
        return "the connection was accepted before"
    if kind == "websocket.send":
        if not is_open:
            return "nothing can be sent before websocket.accept"
        text, data = event.get("text"), event.get("bytes")
        if text is None and data is None:
            return "a websocket.send carries `text` or `bytes`"
        if text is not None and not isinstance(text, str):
            return "`text` has to be a str"
        if data is not None and not isinstance(data, bytes):
            return "`bytes` has to be bytes"
        if text and data:
            return "a websocket.send carries `text` or `bytes`, not both"
    return ""


def broken_http_rule(event: Any, has_started: bool) -> str:
    """The rule of ASGI that an event of an HTTP answer breaks, or nothing."""
    if not isinstance(event, dict):
        return "`send` takes a dict"
    kind = event.get("type")
    if kind == "http.response.start":
        if has_started:
            return "an answer starts once"
        if not isinstance(event.get("status"), int):
            return "`status` has to be an int"
        if not all(is_header(header) for header in event.get("headers") or ()):
            return "each header has to be a pair of bytes"
        return ""
    if kind != "http.response.body":
        return "no answer over HTTP has this type of event"
    if not has_started:
        return "http.response.start has to come first"
    return "" if isinstance(event.get("body", b""), bytes) else "`body` has to be bytes"


def is_header(header: Any) -> bool:
    if not isinstance(header, list) or len(header) != 2:
        return False
    return all(isinstance(part, bytes) for part in header)
