"""Conversations with the learner's application: the tape, one scope's events, a socket.

Silence is known by order, not by a clock: an application that asks for its next event has
finished with the last one. `GRACE_S` is only for tasks that it left running.
"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal

from coach.asgi import broken_rule, decoded, event_got, event_named, frame_of
from coach.evidence import Compared, Entry, Failure, Frame, Told, error_named, frame_named, shown

if TYPE_CHECKING:
    from coach.site import Site

EVENT_LIMIT_S = 5.0
GRACE_S = 0.1
Waits = Literal["late", "now", "never"]
MAX_EVENTS = 2_000


class Story:
    """What the clients of one step did, in words and as a tape."""

    def __init__(self) -> None:
        self.notes: dict[str, None] = {}  # sentences for the end of the report, each once
        self.begin()

    def begin(self) -> None:
        """A new step: an empty page and an empty tape."""
        self.did: list[str] = []
        self.tape: list[Entry] = []
        self.compared: list[Compared] = []

    def add(self, act: str) -> None:
        self.did.append(act)

    def write(self, who: str, direction: str, text: str, mark: str = "") -> None:
        if len(self.tape) < MAX_EVENTS:
            self.tape.append(Entry("" if who.startswith("a ") else who, direction, text, mark))


class Conversation:
    """The events of one scope, both ways, in order."""

    def __init__(self, site: "Site", ident: int, who: str, path: str) -> None:
        self.site = site
        self.ident = ident
        self.who = who
        self.path = path
        self.inbox: asyncio.Queue[Told] = asyncio.Queue()
        self.given = 0
        self.waiting: Told | None = None

    def tell(self, event: Told, on_tape: bool = True) -> None:
        assert self.site.process is not None
        if on_tape:
            self.site.story.write(self.who, "→", event_named(event))
        self.given, self.waiting = self.given + 1, None
        plain = {
            key: {"$bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
            for key, value in event.items()
        }
        self.site.process.tell({"do": "event", "id": self.ident, "event": plain})

    async def next(self, expected: str, waits: Waits = "late") -> Told:
        """The next thing that the application did: sent, waits, returned or raised.

        `waits` means that it asked for another event after the last one it was given.
        It is told after a grace for what may still come ("late"), "now", or "never".
        Fails the step where nothing comes within EVENT_LIMIT_S, or the process ends.
        """
        while True:
            told = await self._told(waits)
            if told is None:
                if self.waiting and waits != "never":
                    return self.waiting
                got = f"no answer within {EVENT_LIMIT_S * self.site.patience:g} s"
                await self.site._hang(expected, got, "handler")
                raise AssertionError
            if told["say"] == "waits":
                self.waiting = told if told["taken"] >= self.given else None
                continue
            if told["say"] == "sent":
                self._write(told)
            elif told["say"] in ("gone", "flood", "died"):
                await self.site._ended(told, expected, "handler", self.path)
            return told

    async def _told(self, waits: Waits) -> Told | None:
        """What the process says next, or None once the time for that is over.

        An application that waits for its next event gets the site's grace, and tasks and threads
        that it has left at work get more: the whole limit, or with "now" a grace.
        """
        limit_s = EVENT_LIMIT_S * self.site.patience
        if self.waiting and waits != "never":
            is_busy = self.waiting["busy"]
            if waits == "now":
                limit_s = GRACE_S if is_busy else 0
            else:
                limit_s = limit_s if is_busy else self.site.grace_s
        if not self.inbox.empty() or not limit_s:
            return None if self.inbox.empty() else self.inbox.get_nowait()
        try:
            return await asyncio.wait_for(self.inbox.get(), limit_s)
        except TimeoutError:
            return None

    def _write(self, told: Told) -> None:
        event = told["event"] = decoded(told["event"])
        self.site.story.write(self.who, "←", event_named(event))

    def fail(self, expected: str, told: Told, kind: str = "") -> None:
        """Fail the step with what the application did instead."""
        say = told["say"]
        if say == "raised":
            got, kind, known = (
                error_named(told["error"]),
                kind or "raised",
                {"error": told["error"]},
            )
        elif say == "waits":
            got, kind, known = "nothing: the application waits for the next event", "silent", {}
        elif say == "returned":
            got, kind, known = "nothing: the application ended", kind or "returned", {}
        else:
            event = told["event"]
            got, known = event_got(event), {"event": event, "place": told["by"]}
            kind = kind or ("closed" if event.get("type") == "websocket.close" else "wrong")
        if say != "sent":
            self.site.story.write(self.who, "←", got.removeprefix("nothing: "))
            self.site.story.tape[-1].mark = f"expected {expected}"
        elif self.site.story.tape:
            self.site.story.tape[-1].mark = f"expected {expected}"
        raise Failure(expected, got, self.site.evidence(kind, path=self.path, **known))


class Socket:
    """One client's WebSocket."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.is_open = False
        self.runs_on: str | None = None
        self.last: Told = {}  # the last event that the application sent
        self.by: Told | None = None  # the learner's line that sent last
        self.after_s = 0.0  # between the last event that was sent and the one before it, either way
        self.sent = 0

    async def _sent(self, expected: str) -> Told:
        """The next event that the application sends, if a server would take it."""
        told = await self.talk.next(expected)
        if told["say"] != "sent":
            self.talk.fail(expected, told)
        self.by = told["by"]
        self.runs_on = (self.by or {}).get("runs_on")
        self.after_s = told["after_s"]
        self._is_legal(told, expected)
        return told

    def _is_legal(self, told: Told, expected: str) -> None:
        """Fail the step where no server would take the event."""
        rule = broken_rule(told["event"], self.is_open)
        if rule:
            self.talk.site.story.tape[-1].mark = rule
            event = told["event"]
            evidence = self.talk.site.evidence(
                "illegal", event=event, place=told["by"], path=self.talk.path
            )
            raise Failure(expected, f"{event_got(event)}: {rule}", evidence)

    async def sends_no_more(self, expected: str, waits: Waits) -> AsyncIterator[Told]:
        """What the application sends, and at last the first other thing that it does."""
        limit_s = EVENT_LIMIT_S * self.talk.site.patience
        until = time.monotonic() + limit_s
        while True:
            told = await self.talk.next(expected, waits)
            yield told
            if told["say"] != "sent":
                return
            if time.monotonic() > until:
                got = f"it goes on sending by itself, for {limit_s:g} s and longer"
                await self.talk.site._hang(expected, got, "handler")

    async def is_accepted(self) -> None:
        """The application accepts the connection."""
        expected = "websocket.accept"
        told = await self._sent(expected)
        if told["event"]["type"] != "websocket.accept":
            self.talk.fail(expected, told)
        self.is_open = True

    async def is_refused_with(self, error: str, text: str, or_accepted: bool = False) -> None:
        """The application refuses by raising `error` with a text that contains `text`.

        With `or_accepted` it may as well accept, where the lesson leaves that open.
        """
        expected = f"{error}: {text}"
        told = await self.talk.next(expected)
        if or_accepted and told.get("event", {}).get("type") == "websocket.accept":
            return
        raised = [link for link in told.get("error", ()) if link["type"] == error]
        if not any(text in link["text"] for link in raised):
            self.talk.fail(expected, told)

    async def settle(self) -> None:
        """Pass over what the application sends by itself, until it waits for the client."""
        expected = "the application waits for a message"
        async for told in self.sends_no_more(expected, "now"):
            if told["say"] == "sent":
                self._is_legal(told, expected)
            if told["say"] != "waits" and told.get("event", {}).get("type") != "websocket.send":
                self.talk.fail(expected, told)

    async def send(self, frame: Frame) -> None:
        """The client sends a text or a binary frame."""
        self.talk.site.story.add(f"{self.talk.who} sends {shown(frame)}")
        is_text = isinstance(frame, str)
        event: Told = {"type": "websocket.receive"}
        event |= {"text": frame} if is_text else {"bytes": frame}  # the one key, as Daphne does
        self.sent += 1
        self.talk.site.frames += 1
        self.talk.tell(event)

    async def hears(self, frame: Frame, *or_else: Frame) -> None:
        """The next thing that the client sees is this frame, or one that is as right."""
        expected = " or ".join([frame_named(frame), *map(shown, or_else)])
        heard = await self.frame(expected)
        if heard is not None and heard in or_else:
            return
        if heard != frame or type(heard) is not type(frame):
            self.heard_wrong(heard, expected, frame)

    async def frame(self, expected: str) -> Frame | None:
        """The frame that the client sees next; None for another event."""
        self.last = (await self._sent(expected))["event"]
        return frame_of(self.last)

    def heard_wrong(self, heard: Frame | None, expected: str, wanted: Frame | None) -> None:
        """Fail the step for the frame that `frame` gave."""
        site = self.talk.site
        site.story.tape[-1].mark = f"expected {expected}"
        evidence = site.evidence(
            "closed" if heard is None else "wrong", event=self.last, place=self.by,
            path=self.talk.path, frame=heard, wanted=wanted, others=site.frames - self.sent,
        )  # fmt: skip
        raise Failure(expected, event_got(self.last), evidence)

    async def ends_quietly(self, expected: str) -> None:
        """After a refusal the client is gone; the application has to end, and to send no more."""
        self.talk.tell({"type": "websocket.disconnect", "code": 1006, "reason": ""})
        async for told in self.sends_no_more(expected, "late"):
            if told["say"] in ("raised", "sent"):
                self.talk.fail(expected, told)

    async def leave(self) -> None:
        """The client goes; the application has to end without an exception."""
        expected = "the application ends after websocket.disconnect"
        self.talk.site.story.add(f"{self.talk.who} leaves")
        self.talk.tell({"type": "websocket.disconnect", "code": 1000, "reason": ""})
        async for told in self.sends_no_more(expected, "late"):
            if told["say"] == "waits":
                got = "the application asks for another event and stays"
                evidence = self.talk.site.evidence("kept-running", path=self.talk.path)
                raise Failure(expected, got, evidence)
            if told["say"] == "raised":
                self.talk.fail(expected, told)
