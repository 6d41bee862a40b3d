import asyncio

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer


class Counter(AsyncConsumer):
    async def websocket_connect(self, event):
        self.count = 0
        self.tasks = set()
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        self.count += 1
        task = asyncio.create_task(self.answer(self.count, event))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def answer(self, count, event):
        await asyncio.sleep(0.02)
        if event.get("text") is not None:
            await self.send({"type": "websocket.send", "text": f"{count}: {event['text']}"})
        else:
            await self.send({"type": "websocket.send", "bytes": b"%d: %b" % (count, event["bytes"])})

    async def websocket_disconnect(self, event):
        for task in self.tasks:
            task.cancel()
        raise StopConsumer()
