from channels.consumer import AsyncConsumer, SyncConsumer
from channels.exceptions import StopConsumer


class Counts:
    count = 0

    def answer(self, event):
        self.count += 1
        number = f"{self.count}: "
        if event.get("text") is not None:
            return {"type": "websocket.send", "text": number + event["text"]}
        return {"type": "websocket.send", "bytes": number.encode() + event["bytes"]}


class MySyncConsumer(Counts, SyncConsumer):
    def websocket_connect(self, event):
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        self.send(self.answer(event))

    def websocket_disconnect(self, event):
        raise StopConsumer()


class MyAsyncConsumer(Counts, AsyncConsumer):
    async def websocket_connect(self, event):
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        await self.send(self.answer(event))

    async def websocket_disconnect(self, event):
        raise StopConsumer()
