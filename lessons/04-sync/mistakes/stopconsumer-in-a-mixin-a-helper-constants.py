from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer as Done

ACCEPT = {"type": "websocket.accept"}


class Ends:
    def websocket_disconnect(self, *args, **kwargs):
        raise Done


class Counter(Ends, SyncConsumer):
    def websocket_connect(self, _):
        self.seen = []
        self.send(ACCEPT)

    def websocket_receive(self, message):
        self.seen.append(message)
        text, data = message.get("text"), message.get("bytes")
        if data:
            self.answer(bytes=b"%d: %b" % (len(self.seen), data))
        else:
            self.answer(text="%d: %s" % (len(self.seen), text))

    def answer(self, **frame):
        self.send(dict(type="websocket.send", **frame))
