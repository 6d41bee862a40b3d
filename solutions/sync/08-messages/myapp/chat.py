"""What answers a browser in a room of the chat: the sync way."""

from channels.generic.websocket import JsonWebsocketConsumer
from django.conf import settings

from myapp import lines


class ChatConsumer(JsonWebsocketConsumer):
    """One browser's connection to one room.

    In from the browser: {"text": str}
    Out to this browser: {"text": str}, the same line
                         {"error": str}, where it was no line; the connection stays open
    """

    def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.accept()

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        # In the place of the base class's, which raises where a frame is not JSON.
        try:
            text = lines.read(text_data, settings.CHAT_LINE_MAX_CHARS)
        except lines.LineError as error:
            self.send_json({"error": str(error)})
        else:
            self.say(text)

    def say(self, text: str) -> None:
        self.send_json({"text": text})
