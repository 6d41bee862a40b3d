"""One call of the learner's application: what goes in, what comes out, as JSON can carry it."""

import asyncio
import base64
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from coach.child.witness import Told, text_of

if TYPE_CHECKING:
    from coach.child.host import Host

Event = MutableMapping[str, Any]


def plain(thing: Any) -> Any:
    """An event as JSON can carry it: bytes and foreign objects become one-key dicts."""
    if thing is None or isinstance(thing, str | bool | int | float):
        return thing
    if isinstance(thing, bytes | bytearray | memoryview):
        return {"$bytes": base64.b64encode(bytes(thing)).decode()}
    if isinstance(thing, dict):
        return {text_of(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(item) for item in thing]
    return {"$object": type(thing).__name__, "text": text_of(thing)}


def rebuilt(thing: Any) -> Any:
    """The opposite of `plain` for what the coach sends: only bytes need it."""
    if isinstance(thing, dict):
        if set(thing) == {"$bytes"}:
            return base64.b64decode(thing["$bytes"])
        return {key: rebuilt(value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [rebuilt(item) for item in thing]
    return thing


class Connection:
    """One call of the application: its scope, and the two ends of its conversation."""

    def __init__(self, host: "Host", ident: int, scope: Told) -> None:
        self.host = host
        self.ident = ident
        self.scope = rebuilt(scope)
        if "headers" in self.scope:
            self.scope["headers"] = [(name, value) for name, value in self.scope["headers"]]
        self.inbox: asyncio.Queue[Event] = asyncio.Queue()
        self.taken = 0
        self.last_s = time.perf_counter()  # when it was last given an event, or sent one

    async def receive(self) -> Event:
        if self.inbox.empty():
            busy = self.host.witness.has_background_work(self.host.loop, self.host.tasks)
            self.host.say("waits", id=self.ident, taken=self.taken, busy=busy)
        event = await self.inbox.get()
        self.taken += 1
        self.last_s = time.perf_counter()
        return event

    async def send(self, event: Event) -> None:
        now_s = time.perf_counter()
        by = self.host.witness.sender(sys._getframe(1))
        after_s, self.last_s = now_s - self.last_s, now_s
        self.host.say("sent", id=self.ident, event=plain(event), by=by, after_s=after_s)

    async def run(self, application: Callable[..., Any]) -> None:
        tracer, self.host.tracer = self.host.tracer, None
        if tracer is not None:
            tracer.follow()
        try:
            await application(self.scope, self.receive, self.send)
        except BaseException as error:  # the learner's sys.exit is a finding, not an order
            self.host.say("raised", id=self.ident, error=self.host.witness.error(error))
        else:
            self.host.say("returned", id=self.ident)
