import threading

from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer


class Counter(SyncConsumer):
    def websocket_connect(self, event):
        self.count = 0
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        self.count += 1
        threading.Thread(target=self.answer, args=(self.count, event)).start()

    def answer(self, count, event):
        if event.get("text") is not None:
            self.send({"type": "websocket.send", "text": f"{count}: {event['text']}"})
        else:
            self.send({"type": "websocket.send", "bytes": b"%d: %b" % (count, event["bytes"])})

    def websocket_disconnect(self, event):
        raise StopConsumer()
