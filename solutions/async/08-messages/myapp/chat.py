"""What answers a browser in a room of the chat: the async way."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from myapp import lines


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One browser's connection to one room.

    In from the browser: {"text": str}
    Out to this browser: {"text": str}, the same line
                         {"error": str}, where it was no line; the connection stays open
    """

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        # In the place of the base class's, which raises where a frame is not JSON.
        try:
            text = lines.read(text_data, settings.CHAT_LINE_MAX_CHARS)
        except lines.LineError as error:
            await self.send_json({"error": str(error)})
        else:
            await self.say(text)

    async def say(self, text: str) -> None:
        await self.send_json({"text": text})
