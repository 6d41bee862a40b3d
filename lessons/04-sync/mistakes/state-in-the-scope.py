from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer


class Counter(SyncConsumer):
    def websocket_connect(self, event):
        self.scope["count"] = 0
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        self.scope["count"] += 1
        number = self.scope["count"]
        if event.get("bytes") is not None:
            self.send({"type": "websocket.send", "bytes": str(number).encode() + b": " + event["bytes"]})
            return
        self.send({"type": "websocket.send", "text": "{}: {}".format(number, event["text"])})

    def websocket_disconnect(self, event):
        raise StopConsumer()
