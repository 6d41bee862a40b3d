"""What answers a WebSocket."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from channels.consumer import AsyncConsumer, SyncConsumer
from channels.exceptions import StopConsumer

# Seconds before each number of a count.
PAUSE_S = 0.2

# "count 3" and the like, up to 99; every other text is an ordinary message.
COUNT = re.compile(r"count ([1-9][0-9]?)")


async def hello(
    scope: dict,
    receive: Callable[[], Awaitable[dict]],
    send: Callable[[dict], Awaitable[None]],
) -> None:
    """One connection that is greeted, and then only listened to.

    In from the client: anything, until it leaves; nothing is answered
    Out to the client:  the text "hello", once, as soon as the connection is open
    """
    event = await receive()  # the first event is websocket.connect
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "hello"})
    while event["type"] != "websocket.disconnect":
        event = await receive()


class MySyncConsumer(SyncConsumer):
    """One connection whose messages are counted, and that counts when it is asked to.

    In from the client: text or bytes
    Out to the client:  "<n>: " and the text, or b"<n>: " and the bytes; n counts from 1
                        for the text "count 3": "1", "2", "3", each after a pause
    """

    def websocket_connect(self, event: dict) -> None:
        self.count = 0
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event: dict) -> None:
        self.count += 1
        number = f"{self.count}: "
        # A server may send both keys, one of them None; and "" is a message too.
        if asked := COUNT.fullmatch(event.get("text") or ""):
            self.count_to(int(asked[1]))
        elif event.get("text") is not None:
            self.send({"type": "websocket.send", "text": number + event["text"]})
        else:
            self.send({"type": "websocket.send", "bytes": number.encode() + event["bytes"]})

    def count_to(self, last: int) -> None:
        for number in range(1, last + 1):
            time.sleep(PAUSE_S)
            self.send({"type": "websocket.send", "text": str(number)})

    def websocket_disconnect(self, event: dict) -> None:
        raise StopConsumer()


class MyAsyncConsumer(AsyncConsumer):
    """One connection whose messages are counted, and that counts when it is asked to.

    In from the client: text or bytes
    Out to the client:  "<n>: " and the text, or b"<n>: " and the bytes; n counts from 1
                        for the text "count 3": "1", "2", "3", each after a pause
    """

    async def websocket_connect(self, event: dict) -> None:
        self.count = 0
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event: dict) -> None:
        self.count += 1
        number = f"{self.count}: "
        # A server may send both keys, one of them None; and "" is a message too.
        if asked := COUNT.fullmatch(event.get("text") or ""):
            await self.count_to(int(asked[1]))
        elif event.get("text") is not None:
            await self.send({"type": "websocket.send", "text": number + event["text"]})
        else:
            await self.send({"type": "websocket.send", "bytes": number.encode() + event["bytes"]})

    async def count_to(self, last: int) -> None:
        for number in range(1, last + 1):
            await asyncio.sleep(PAUSE_S)
            await self.send({"type": "websocket.send", "text": str(number)})

    async def websocket_disconnect(self, event: dict) -> None:
        raise StopConsumer()
