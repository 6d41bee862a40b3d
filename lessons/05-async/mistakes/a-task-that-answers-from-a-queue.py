import asyncio

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer


class Counter(AsyncConsumer):
    async def websocket_connect(self, event):
        self.queue = asyncio.Queue()
        self.worker = asyncio.create_task(self.work())
        await self.send({"type": "websocket.accept"})

    async def work(self):
        count = 0
        while True:
            event = await self.queue.get()
            count += 1
            if event.get("text") is not None:
                await self.send({"type": "websocket.send", "text": f"{count}: {event['text']}"})
            else:
                await self.send({"type": "websocket.send", "bytes": b"%d: %b" % (count, event["bytes"])})

    async def websocket_receive(self, event):
        await self.queue.put(event)

    async def websocket_disconnect(self, event):
        self.worker.cancel()
        raise StopConsumer()
