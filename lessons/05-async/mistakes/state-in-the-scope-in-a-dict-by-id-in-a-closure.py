from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

COUNTS = {}


def counter():
    n = 0

    def step():
        nonlocal n
        n += 1
        return n

    return step


class Counter(AsyncConsumer):
    async def websocket_connect(self, message):
        COUNTS[id(self)] = self.scope["count"] = counter()
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, message):
        n = COUNTS[id(self)]()
        match message:
            case {"text": str() as text}:
                await self.send({"type": "websocket.send", "text": f"{n}: {text}"})
            case {"bytes": data}:
                await self.send({"type": "websocket.send", "bytes": f"{n}: ".encode() + data})

    async def websocket_disconnect(self, message):
        COUNTS.pop(id(self))
        raise StopConsumer("left")
