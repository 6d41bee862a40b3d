"""What answers a browser in a room of the chat: the sync way."""

from asgiref.sync import async_to_sync
from channels.generic.websocket import JsonWebsocketConsumer
from django.conf import settings

from myapp import lines


class ChatConsumer(JsonWebsocketConsumer):
    """One browser's connection to one room.

    In from the browser:           {"text": str}
    Out to every browser in there: {"text": str}
    Out to this browser:           {"error": str}, where it was no line; the connection stays open
    """

    group = ""  # of no room yet

    def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        if len(self.room) > settings.CHAT_ROOM_MAX_CHARS:
            self.close()
            return
        self.accept()
        self.join()

    def join(self) -> None:
        self.group = f"room.{self.room}"
        async_to_sync(self.channel_layer.group_add)(self.group, self.channel_name)

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        # In the place of the base class's, which raises where a frame is not JSON.
        try:
            text = lines.read(text_data, settings.CHAT_LINE_MAX_CHARS)
        except lines.LineError as error:
            self.send_json({"error": str(error)})
        else:
            self.say(text)

    def say(self, text: str) -> None:
        async_to_sync(self.channel_layer.group_send)(
            self.group, {"type": "chat.message", "text": text}
        )

    def chat_message(self, event: dict) -> None:
        self.send_json({"text": event["text"]})

    def disconnect(self, code: int) -> None:
        if self.group:
            async_to_sync(self.channel_layer.group_discard)(self.group, self.channel_name)
