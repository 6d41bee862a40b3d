import json

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer


class ChatConsumer(AsyncConsumer):
    async def websocket_connect(self, event):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        text = self.text_in(event)
        if text is None:
            answer = {"error": "no line", "status": 400}
        elif len(text) > 1000:
            answer = {"error": f"{len(text)} characters are too many", "status": 413}
        else:
            answer = {"text": text, "error": None, "room": self.room}
        await self.send({"type": "websocket.send", "text": json.dumps(answer)})

    def text_in(self, event):
        try:
            content = json.loads(event.get("text") or "")
        except json.JSONDecodeError:
            return None
        match content:
            case {"text": str(text)} if text.strip():
                return text
        return None

    async def websocket_disconnect(self, event):
        raise StopConsumer
