from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer


class Base(SyncConsumer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.n = 0

    def websocket_connect(self, event):
        self.send({"type": "websocket.accept"})

    def websocket_disconnect(self, event):
        raise StopConsumer()


class Counter(Base):
    def websocket_receive(self, event):
        self.n = self.n + 1
        if "text" in event and event["text"] is not None:
            answer = {"type": "websocket.send", "text": str(self.n) + ": " + event["text"]}
        else:
            answer = {"type": "websocket.send", "bytes": bytes(f"{self.n}: ", "ascii") + event["bytes"]}
        self.send(answer)
