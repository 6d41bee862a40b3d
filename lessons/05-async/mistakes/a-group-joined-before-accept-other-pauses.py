"""What answers a WebSocket."""

import asyncio
import time
from asyncio import sleep as rest

from asgiref.sync import sync_to_async
from channels.consumer import AsyncConsumer, StopConsumer, SyncConsumer


async def hello(scope, receive, send):
    event = await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "hello"})
    while event["type"] != "websocket.disconnect":
        event = await receive()


class MySyncConsumer(SyncConsumer):
    def websocket_connect(self, event):
        self.count = 0
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        self.count += 1
        if event.get("text") is not None:
            self.send({"type": "websocket.send", "text": f"{self.count}: {event['text']}"})
        else:
            number = str(self.count).encode()
            self.send({"type": "websocket.send", "bytes": number + b": " + event["bytes"]})

    def websocket_disconnect(self, event):
        raise StopConsumer


class MyAsyncConsumer(AsyncConsumer):
    async def websocket_connect(self, event):
        self.count = 0
        await self.channel_layer.group_add("all", self.channel_name)
        await self.say("websocket.accept")

    async def say(self, kind, **more):
        await self.send({"type": kind, **more})

    async def websocket_receive(self, event):
        self.count += 1
        await rest(0.01)
        await asyncio.to_thread(time.sleep, 0.01)
        if event.get("text") is not None:
            await sync_to_async(time.sleep)(0.01)
            await self.say("websocket.send", text=f"{self.count}: {event['text']}")
        else:
            await self.say("websocket.send", bytes=f"{self.count}: ".encode() + event["bytes"])

    async def websocket_disconnect(self, event):
        await self.channel_layer.group_discard("all", self.channel_name)
        raise StopConsumer
