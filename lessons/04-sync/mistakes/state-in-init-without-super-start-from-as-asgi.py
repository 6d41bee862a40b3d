from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer


class Counter(SyncConsumer):
    def __init__(self, start):
        self.number = start

    def websocket_connect(self, event):
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        match event:
            case {"text": str(text)}:
                self.send({"type": "websocket.send", "text": f"{self.number}: {text}"})
            case {"bytes": data}:
                self.send({"type": "websocket.send", "bytes": f"{self.number}: ".encode() + data})
        self.number += 1

    def websocket_disconnect(self, event):
        raise StopConsumer()
