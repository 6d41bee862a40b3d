import asyncio

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer


class Counter(AsyncConsumer):
    async def websocket_connect(self, event):
        self.count = 0
        self.tasks = [asyncio.create_task(self.send({"type": "websocket.accept"}))]

    async def websocket_receive(self, event):
        self.count += 1
        if event.get("text") is not None:
            answer = {"type": "websocket.send", "text": f"{self.count}: {event['text']}"}
        else:
            answer = {"type": "websocket.send", "bytes": b"%d: %b" % (self.count, event["bytes"])}
        self.tasks.append(asyncio.ensure_future(self.send(answer)))

    async def websocket_disconnect(self, event):
        await asyncio.gather(*self.tasks)
        raise StopConsumer()
