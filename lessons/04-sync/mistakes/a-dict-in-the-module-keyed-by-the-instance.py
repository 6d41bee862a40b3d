from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer

counts = {}


class Counter(SyncConsumer):
    def websocket_connect(self, event):
        counts[id(self)] = 0
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        counts[id(self)] += 1
        prefix = f"{counts[id(self)]}: "
        if event.get("text"):
            self.send({"type": "websocket.send", "text": prefix + event["text"]})
        if event.get("bytes"):
            self.send({"type": "websocket.send", "bytes": prefix.encode() + event["bytes"]})

    def websocket_disconnect(self, event):
        del counts[id(self)]
        raise StopConsumer()
