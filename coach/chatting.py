"""The contract that lessons 8 to 13 share: a chat that speaks JSON, whichever way it is written."""

import json
from collections.abc import Callable
from typing import Any

from coach import records
from coach.conversation import Socket
from coach.evidence import Failure, Told, shown
from coach.site import Site

# What is no line, and what a report calls it.
NO_LINES = {
    "{": "a frame that is not JSON",
    "[]": "a frame whose JSON is not an object",
    '"tea"': "a frame whose JSON is not an object",
    "null": "a frame whose JSON is not an object",
    "{}": "a frame without a text",
    '{"text": 1}': "a frame whose text is a number",
    '{"text": null}': "a frame whose text is null",
    '{"text": ["tea"]}': "a frame whose text is a list",
    '{"text": ""}': "an empty line",
    '{"text": "   "}': "an empty line",
}


def path_of(room: str) -> str:
    return f"/ws/chat/{room}/"


async def enters(site: Site, who: str, room: str) -> Socket:
    """An open connection of somebody in a room; what came before them is passed over."""
    socket = await joins(site, who, room)
    await socket.settle()
    return socket


async def joins(site: Site, who: str, room: str) -> Socket:
    """An open connection of somebody in a room, at which nothing has been heard yet."""
    await records.prepare(site)
    session = site.sessions.get(who.lower(), "")
    return await site.connect(path_of(room), who, session)


async def says(socket: Socket, text: str) -> None:
    """The browser sends a line."""
    await socket.send(json.dumps({"text": text}, ensure_ascii=False))


async def hears(socket: Socket, text: str, user: str | None = None, **more: Any) -> Told:
    """The next thing that the browser sees is this line; of this user, where one is named."""
    wanted = {"text": text} | ({"user": user} if user is not None else {})

    def is_it(told: Told) -> bool:
        return "error" not in told and all(told.get(name) == wanted[name] for name in wanted)

    return await hears_object(socket, is_it, shown_json(wanted), wanted=wanted, **more)


async def hears_error(socket: Socket, of: str) -> Told:
    """The next thing that the browser sees is an object with an error, in words."""

    def is_it(told: Told) -> bool:
        return isinstance(told.get("error"), str) and bool(told["error"].strip())

    return await hears_object(socket, is_it, f'{{"error": …}} for {of}', wanted={"error": "…"})


async def hears_object(
    socket: Socket, is_it: Callable[[Told], bool], expected: str, wanted: Told
) -> Told:
    """The next frame is a JSON object of which `is_it` holds; that object."""
    frame = await socket.frame(expected)
    told = parsed(frame)
    if isinstance(told, dict) and is_it(told):
        return told
    socket.heard_wrong(frame, expected, json.dumps(wanted, ensure_ascii=False))
    raise AssertionError


async def hears_after(socket: Socket, text: str, other: str) -> int:
    """Hear this line; how many came before it that begin with `other`."""
    count = 0

    def is_it(told: Told) -> bool:
        return str(told.get("text")) == text or str(told.get("text")).startswith(other)

    while True:
        told = await hears_object(socket, is_it, shown_json({"text": text}), {"text": text})
        if told["text"] == text:
            return count
        count += 1


def parsed(frame: str | bytes | None) -> Any:
    """What a text frame holds as JSON; None where it holds none."""
    try:
        return json.loads(frame) if isinstance(frame, str) else None
    except ValueError:
        return None


def shown_json(thing: Any) -> str:
    """An object as reports show it."""
    text = json.dumps(thing, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:120]}…"


async def is_refused(socket: Socket, whom: str) -> None:
    """The connection is closed before it was accepted, which a browser sees as HTTP 403."""
    expected = f"{whom} is refused: websocket.close, and no websocket.accept before it"
    told = await socket.talk.next(expected)
    event = told.get("event", {})
    if event.get("type") == "websocket.close":
        await socket.ends_quietly(expected)
        return
    socket.talk.fail(expected, told)


async def rows_of(site: Site, text: str, expected: int) -> None:
    """The database has so many rows with this text."""
    found = await records.rows(site, text)
    if len(found) != expected:
        evidence = site.evidence("rows", value=len(found), wanted=text)
        named = "row" if expected == 1 else "rows"
        raise Failure(
            f"{expected} {named} of the database with the text {shown(text)}",
            f"{len(found)}",
            evidence,
        )
