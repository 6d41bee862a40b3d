"""What keeps one visitor from being a burden to the others. Plain code, for either style."""

import time
from collections import Counter
from collections.abc import Callable

from django.conf import settings

# Why the chat closes a connection. An application chooses its codes from 4000 to 4999.
LOGGED_OUT = 4401
TOO_MUCH = 4429


async def refuse(scope: dict, receive: Callable, send: Callable) -> None:
    """Answers a WebSocket whose path leads nowhere: HTTP 403, as for every closed door."""
    await receive()  # the first event is websocket.connect
    await send({"type": "websocket.close"})


def too_fast() -> str:
    """What somebody is told who says more than `Rate` allows."""
    return (
        f"You write faster than {settings.CHAT_LINES_PER_S} lines a second. "
        "This line was not said; wait a moment, and say it again."
    )


class Rate:
    """How often one connection may say something: `burst` times at once, then `per_s` a second.

    refused: how many times in a row it was told no
    """

    def __init__(
        self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_s, self.burst, self.clock = per_s, burst, clock
        self.left, self.then_s = burst, clock()
        self.refused = 0

    def allows(self) -> bool:
        """Whether it may say something now, which then counts."""
        now_s = self.clock()
        self.left = min(self.burst, self.left + (now_s - self.then_s) * self.per_s)
        self.then_s = now_s
        if self.left < 1:
            self.refused += 1
            return False
        self.left -= 1
        self.refused = 0
        return True


class FewPerUser:
    """Stands around the chat: a user has so many connections to this process, and no more.

    One more is opened, told why with the close code TOO_MUCH, and closed.
    """

    def __init__(self, inner: Callable) -> None:
        self.inner = inner
        self.taken: Counter[str] = Counter()

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        name = scope["user"].get_username()
        if name and self.taken[name] >= settings.CHAT_USER_MAX_CONNECTIONS:
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": TOO_MUCH})
            return
        self.taken[name] += 1
        try:
            await self.inner(scope, receive, send)
        finally:  # however it ended
            self.taken -= Counter([name])
