"""An async consumer that is wrong on purpose. Lesson 6 measures what that costs."""

import re
import time

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

# Seconds before each number of a count.
PAUSE_S = 0.2


class TrapConsumer(AsyncConsumer):
    """One connection that counts, and sleeps on the event loop while it does.

    In from the client: the text "count 3" or the like; anything else is not answered
    Out to the client:  "1", "2", "3", each after a pause
    """

    async def websocket_connect(self, event: dict) -> None:
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event: dict) -> None:
        asked = re.fullmatch(r"count ([1-9][0-9]?)", event.get("text") or "")
        for number in range(1, int(asked[1]) + 1 if asked else 1):
            time.sleep(PAUSE_S)  # noqa: ASYNC251  (this line is the trap)
            await self.send({"type": "websocket.send", "text": str(number)})

    async def websocket_disconnect(self, event: dict) -> None:
        raise StopConsumer()
