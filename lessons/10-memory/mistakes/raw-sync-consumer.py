"""The chat as a raw sync consumer: SQL for a new line, the last ones by their number, no ids."""

import json

from asgiref.sync import async_to_sync
from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer
from django.db import connection

from myapp import lines
from myapp.models import Line

KEEP = "INSERT INTO myapp_line (room, user, text, said_at) VALUES (%s, '', %s, datetime('now'))"


class ChatConsumer(SyncConsumer):
    def websocket_connect(self, event):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        if len(self.room) > 50:
            self.send({"type": "websocket.close"})
            raise StopConsumer
        self.send({"type": "websocket.accept"})
        async_to_sync(self.channel_layer.group_add)(f"chat-{self.room}", self.channel_name)
        said = Line.objects.filter(room=self.room).order_by("id")
        for line in said[max(0, said.count() - 50) :]:
            self.tell({"text": line.text, "id": line.id})

    def websocket_receive(self, event):
        try:
            text = lines.read(event.get("text"), 1_000)
        except lines.LineError as error:
            self.tell({"error": str(error)})
            return
        with connection.cursor() as cursor:
            cursor.execute(KEEP, [self.room, text])
        message = {"type": "line", "text": text}
        async_to_sync(self.channel_layer.group_send)(f"chat-{self.room}", message)

    def line(self, event):
        self.tell({"text": event["text"]})

    def tell(self, what):
        self.send({"type": "websocket.send", "text": json.dumps(what)})

    def websocket_disconnect(self, event):
        async_to_sync(self.channel_layer.group_discard)(f"chat-{self.room}", self.channel_name)
        raise StopConsumer
