"""What answers a browser in a room of the chat: the async way."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from myapp import lines


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One browser's connection to one room.

    In from the browser:           {"text": str}
    Out to every browser in there: {"text": str}
    Out to this browser:           {"error": str}, where it was no line; the connection stays open
    """

    group = ""  # of no room yet

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        if len(self.room) > settings.CHAT_ROOM_MAX_CHARS:
            await self.close()
            return
        await self.accept()
        await self.join()

    async def join(self) -> None:
        self.group = f"room.{self.room}"
        await self.channel_layer.group_add(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        # In the place of the base class's, which raises where a frame is not JSON.
        try:
            text = lines.read(text_data, settings.CHAT_LINE_MAX_CHARS)
        except lines.LineError as error:
            await self.send_json({"error": str(error)})
        else:
            await self.say(text)

    async def say(self, text: str) -> None:
        await self.channel_layer.group_send(self.group, {"type": "chat.message", "text": text})

    async def chat_message(self, event: dict) -> None:
        await self.send_json({"text": event["text"]})

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)
