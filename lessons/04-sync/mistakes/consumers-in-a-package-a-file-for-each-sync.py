from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer


class MySyncConsumer(SyncConsumer):
    def websocket_connect(self, event):
        self.count = 0
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        self.count += 1
        number = f"{self.count}: "
        if event.get("text") is not None:
            self.send({"type": "websocket.send", "text": number + event["text"]})
        else:
            self.send({"type": "websocket.send", "bytes": number.encode() + event["bytes"]})

    def websocket_disconnect(self, event):
        raise StopConsumer()
