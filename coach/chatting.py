"""The contract that lessons 8 to 13 share: a chat that speaks JSON, whichever way it is written."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from coach import records
from coach.conversation import Socket
from coach.evidence import Told
from coach.site import Site

if TYPE_CHECKING:
    from coach.server import Client

NO_ROUTE = "No route found for path "

# What a channel layer has taken may come to a connection that waits for its own next event.
LAYER_S = 1.0

# What is no line, and what a report calls it.
NO_LINES = {
    "{": "a frame that is not JSON",
    "": "an empty frame",
    "[]": "a frame whose JSON is not an object",
    '"tea"': "a frame whose JSON is not an object",
    "null": "a frame whose JSON is not an object",
    "{}": "a frame without a text",
    '{"text": 1}': "a frame whose text is a number",
    '{"text": null}': "a frame whose text is null",
    '{"text": ["tea"]}': "a frame whose text is a list",
    '{"text": ""}': "an empty line",
    '{"text": "   "}': "an empty line",
    # What is tried only here: a number, a text and a list, in which "text" can be looked for.
    "5": "a frame whose JSON is not an object",
    '"text"': "a frame whose JSON is not an object",
    '["text"]': "a frame whose JSON is not an object",
    '{"text": " \\t\\n"}': "an empty line",
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
    socket = await knocks(site, who, room)
    await socket.is_accepted()
    return socket


async def knocks(site: Site, who: str, room: str) -> Socket:
    """A connection that somebody asks for, about which there is no verdict yet."""
    await records.prepare(site)
    site.grace_s = LAYER_S * site.patience
    session = site.sessions.get(who.lower(), "")
    return await site.knock(path_of(room), who, session)


async def says(socket: "Socket | Client", text: str) -> None:
    """The browser sends a line."""
    await socket.send(json.dumps({"text": text}, ensure_ascii=False))


async def hears(socket: "Socket | Client", text: str, user: str | None = None, **more: Any) -> Told:
    """The next thing that the browser sees is this line; of this user, where one is named."""
    wanted = {"text": text} | ({"user": user} if user is not None else {})

    def is_it(told: Told) -> bool:
        return not has_error(told) and all(told.get(name) == wanted[name] for name in wanted)

    return await hears_object(socket, is_it, shown_json(wanted), wanted=wanted, **more)


def has_error(told: Told) -> bool:
    """Whether an object tells of an error: null or an empty text in its place is none."""
    return told.get("error") not in (None, "")


async def hears_error(socket: Socket, of: str) -> Told:
    """The next thing that the browser sees is an object with an error, in words.

    It has no text, by which the page of the room knows a line.
    """

    def is_it(told: Told) -> bool:
        in_words = isinstance(told.get("error"), str) and bool(told["error"].strip())
        return in_words and not isinstance(told.get("text"), str)

    return await hears_object(socket, is_it, f'{{"error": …}} for {of}', wanted={"error": "…"})


async def hears_object(
    socket: "Socket | Client", is_it: Callable[[Told], bool], expected: str, wanted: Told
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


async def hears_until(socket: "Socket | Client", text: str) -> list[str]:
    """The texts of the lines that the browser hears, up to this one and with it."""
    heard: list[str] = []

    def is_line(told: Told) -> bool:
        return not has_error(told) and isinstance(told.get("text"), str)

    while heard[-1:] != [text]:
        told = await hears_object(socket, is_line, '{"text": …}', {"text": text})
        heard.append(told["text"])
    return heard


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


async def is_refused_or_answered(socket: Socket, whom: str) -> bool:
    """The connection is refused, or no route takes its path; or it opens, and a line comes back.

    True where a line came back.
    """
    expected = f"{whom} is refused: websocket.close, and no websocket.accept before it"
    told = await socket.talk.next(expected)
    if told.get("event", {}).get("type") != "websocket.accept":
        await _is_refused(socket, told, expected, or_no_route=True)
        return False
    socket.is_open = True
    await socket.settle()
    await says(socket, "milk")
    await hears(socket, "milk")
    return True


async def is_refused(socket: Socket, whom: str, or_no_route: bool = False) -> None:
    """The connection is closed before it was accepted, which a browser sees as HTTP 403.

    With `or_no_route` it may as well be that no route takes its path, which is HTTP 500.
    """
    expected = f"{whom} is refused: websocket.close, and no websocket.accept before it"
    await _is_refused(socket, await socket.talk.next(expected), expected, or_no_route)


async def _is_refused(socket: Socket, told: Told, expected: str, or_no_route: bool) -> None:
    if or_no_route and any(NO_ROUTE in link["text"] for link in told.get("error", ())):
        return
    event = told.get("event", {})
    if event.get("type") == "websocket.close":
        await socket.ends_quietly(expected)
        return
    socket.talk.fail(expected, told)
