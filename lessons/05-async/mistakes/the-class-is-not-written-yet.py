"""What answers a WebSocket."""

from collections.abc import Awaitable, Callable

from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer


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
    """One connection whose messages are counted.

    In from the client: text or bytes
    Out to the client:  "<n>: " and the text, or b"<n>: " and the bytes; n counts from 1
    """

    def websocket_connect(self, event: dict) -> None:
        self.count = 0
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event: dict) -> None:
        self.count += 1
        number = f"{self.count}: "
        # A server may send both keys, one of them None; and "" is a message too.
        if event.get("text") is not None:
            self.send({"type": "websocket.send", "text": number + event["text"]})
        else:
            self.send({"type": "websocket.send", "bytes": number.encode() + event["bytes"]})

    def websocket_disconnect(self, event: dict) -> None:
        raise StopConsumer()
