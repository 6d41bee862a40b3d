import asyncio

from asgiref.sync import sync_to_async
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer


def number(count, event):
    if event.get("text") is not None:
        return {"type": "websocket.send", "text": f"{count}: {event['text']}"}
    return {"type": "websocket.send", "bytes": b"%d: %b" % (count, event["bytes"])}


class Counter(AsyncConsumer):
    async def websocket_connect(self, event):
        self.count = await sync_to_async(int)("0")
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        self.count += 1
        await self.send(await asyncio.to_thread(number, self.count, event))

    async def websocket_disconnect(self, event):
        try:
            await asyncio.sleep(0)
        finally:
            raise StopConsumer
