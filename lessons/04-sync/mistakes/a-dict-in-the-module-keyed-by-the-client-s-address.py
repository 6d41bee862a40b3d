from collections import Counter as Tally

from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer

tally = Tally()


class Counter(SyncConsumer):
    def websocket_connect(self, event):
        self.client = tuple(self.scope["client"])
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        tally[self.client] += 1
        number = "%d: " % tally[self.client]
        if event.get("text") is None:
            self.send({"type": "websocket.send", "bytes": number.encode() + event["bytes"]})
        else:
            self.send({"type": "websocket.send", "text": number + event["text"]})

    def websocket_disconnect(self, event):
        tally.pop(self.client, None)
        raise StopConsumer()
