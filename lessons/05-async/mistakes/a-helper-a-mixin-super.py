from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer


class Ends:
    async def websocket_disconnect(self, event):
        raise StopConsumer()


class Counter(Ends, AsyncConsumer):
    def __init__(self):
        self.count = 0

    async def websocket_connect(self, event):
        await super().send({"type": "websocket.accept", "subprotocol": None})

    async def websocket_receive(self, event):
        self.count += 1
        if event.get("text") is None:
            await self.answer(bytes=str(self.count).encode() + b": " + event["bytes"])
        else:
            await self.answer(text=f"{self.count}: {event['text']}")

    async def answer(self, **frame):
        await self.send(dict(type="websocket.send", **frame))
