import json

from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer


class ChatConsumer(SyncConsumer):
    def websocket_connect(self, event):
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        try:
            answer = {"text": self.text_in(event)}
        except (KeyError, TypeError, ValueError) as error:
            answer = {"error": f"no line: {error!r}"}
        self.send({"type": "websocket.send", "text": json.dumps(answer, ensure_ascii=False)})

    def text_in(self, event):
        text = json.loads(event["text"])["text"]
        if not isinstance(text, str) or text.isspace() or not 0 < len(text) <= 1000:
            raise ValueError("a line has 1 to 1000 characters")
        return text

    def websocket_disconnect(self, event):
        raise StopConsumer()
