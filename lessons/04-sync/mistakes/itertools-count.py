import itertools

from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer


class Counter(SyncConsumer):
    def websocket_connect(self, event):
        self.numbers = itertools.count(1)
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        n = next(self.numbers)
        kind = "text" if event.get("text") is not None else "bytes"
        prefix = f"{n}: " if kind == "text" else f"{n}: ".encode()
        self.send({"type": "websocket.send", kind: prefix + event[kind]})

    def websocket_disconnect(self, event):
        raise StopConsumer()
