"""What answers a browser in a room of the chat: a consumer that handles the events itself."""

import json

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from channels.layers import get_channel_layer

from myapp import lines


class ChatConsumer(AsyncConsumer):
    async def websocket_connect(self, event):
        name = self.scope["url_route"]["kwargs"]["room"]
        if len(name) > 50:
            await self.send({"type": "websocket.close"})
            return
        self.place = "chat-" + name
        await get_channel_layer().group_add(self.place, self.channel_name)
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        try:
            text = lines.read(event.get("text"), 1_000)
        except lines.LineError as error:
            await self.tell({"error": str(error)})
            return
        message = {"type": "line.said", "line": {"text": text}}
        await get_channel_layer().group_send(self.place, message)

    async def line_said(self, message):
        await self.tell(message["line"])

    async def tell(self, content):
        await self.send({"type": "websocket.send", "text": json.dumps(content)})

    async def websocket_disconnect(self, event):
        if hasattr(self, "place"):
            await get_channel_layer().group_discard(self.place, self.channel_name)
        raise StopConsumer()
