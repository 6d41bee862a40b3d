"""The chat as a raw async consumer: no ids, another type of message, the history before accept."""

import json

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from myapp import lines
from myapp.models import Line


class RoomConsumer(AsyncConsumer):
    async def websocket_connect(self, event):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        if len(self.room) > 50:
            await self.send({"type": "websocket.close"})
            raise StopConsumer
        await self.channel_layer.group_add(f"chat-{self.room}", self.channel_name)
        said = Line.objects.filter(room=self.room).order_by("-said_at").values_list("text", flat=True)
        last = [text async for text in said[:50]]
        await self.send({"type": "websocket.accept"})
        for text in last[::-1]:
            await self.tell({"text": text, "is_old": True})

    async def websocket_receive(self, event):
        try:
            text = lines.read(event.get("text"), 1_000)
        except lines.LineError as error:
            await self.tell({"error": str(error)})
            return
        await Line(room=self.room, text=text).asave()
        await self.channel_layer.group_send(f"chat-{self.room}", {"type": "line", "text": text})

    async def line(self, event):
        await self.tell({"text": event["text"]})

    async def tell(self, what):
        await self.send({"type": "websocket.send", "text": json.dumps(what)})

    async def websocket_disconnect(self, event):
        await self.channel_layer.group_discard(f"chat-{self.room}", self.channel_name)
        raise StopConsumer


ChatConsumer = RoomConsumer
