import json

from channels.generic.websocket import AsyncWebsocketConsumer

from myapp import lines


class RoomConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        await self.accept()

    async def receive(self, text_data=None, bytes_data=None):
        await self.send(text_data=json.dumps(self.answer_to(text_data), ensure_ascii=False))

    def answer_to(self, frame):
        try:
            return {"type": "line", "text": lines.read(frame, 1000)}
        except lines.LineError as error:
            return {"type": "refusal", "error": str(error)}
