"""Every event between a server and an application, written down as it passes.

tape = Tape()
ana = WebsocketCommunicator(tape.of(application, "Ana"), "/ws/sc/")
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from coach.asgi import event_named

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Event, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Entry:
    """One event: whose connection, "→" to the application or "←" from it, and what it was."""

    who: str
    direction: str
    event: Event

    def __str__(self) -> str:
        return f"{self.who} {self.direction} {event_named(self.event)}"


class Tape(list[Entry]):
    """The events of one or several connections, in the order in which they passed."""

    def of(self, application: Application, who: str = "client") -> Application:
        """The same application, with every event of its connections on this tape."""

        async def recorded(scope: Event, receive: Receive, send: Send) -> None:
            async def noted_receive() -> Event:
                event = await receive()
                self.append(Entry(who, "→", event))
                return event

            async def noted_send(event: Event) -> None:
                self.append(Entry(who, "←", event))
                await send(event)

            await application(scope, noted_receive, noted_send)

        return recorded

    def __str__(self) -> str:
        return "\n".join(map(str, self))
