import json

from channels.generic.websocket import WebsocketConsumer

from myapp import lines


class RoomConsumer(WebsocketConsumer):
    def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.accept()

    def receive(self, text_data=None, bytes_data=None):
        self.send(text_data=json.dumps(self.answer_to(text_data), ensure_ascii=False))

    def answer_to(self, frame):
        try:
            return {"type": "line", "text": lines.read(frame, 1000)}
        except lines.LineError as error:
            return {"type": "refusal", "error": str(error)}
