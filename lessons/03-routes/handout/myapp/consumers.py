"""What answers a WebSocket."""

from collections.abc import Awaitable, Callable


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
