"""What answers a browser in a room of the chat: what is sent is put together by hand."""

import json

from asgiref.sync import async_to_sync
from channels.generic.websocket import WebsocketConsumer

from myapp import lines


class ChatConsumer(WebsocketConsumer):
    def layer(self, name, *given):
        return async_to_sync(getattr(self.channel_layer, name))(*given)

    def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room"]
        self.room_group_name = f"chat_{self.room_name}"
        try:
            self.layer("group_add", self.room_group_name, self.channel_name)
        except TypeError:
            self.room_group_name = None
            self.close()
        else:
            self.accept()

    def disconnect(self, close_code):
        if self.room_group_name:
            self.layer("group_discard", self.room_group_name, self.channel_name)

    def receive(self, text_data=None, bytes_data=None):
        try:
            message = lines.read(text_data, 1_000)
        except lines.LineError as error:
            self.send(text_data=json.dumps({"error": str(error)}))
            return
        self.layer(
            "group_send", self.room_group_name, {"type": "chat_message", "message": message}
        )

    def chat_message(self, event):
        message = event["message"]
        self.send(text_data=json.dumps({"text": message, "kind": "line"}))
