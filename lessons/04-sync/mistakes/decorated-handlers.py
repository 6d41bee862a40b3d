import functools
import logging

from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer

log = logging.getLogger(__name__)


def logged(handler):
    @functools.wraps(handler)
    def wrapper(self, event):
        log.warning("%s %s", handler.__name__, event)
        return handler(self, event)

    return wrapper


class Counter(SyncConsumer):
    @logged
    def websocket_connect(self, event):
        self.count = 0
        self.send({"type": "websocket.accept"})

    @logged
    def websocket_receive(self, event):
        self.count += 1
        if event.get("text") is not None:
            self.send({"type": "websocket.send", "text": f"{self.count}: {event['text']}"})
        else:
            self.send({"type": "websocket.send", "bytes": b"%d: %b" % (self.count, event["bytes"])})

    @logged
    def websocket_disconnect(self, event):
        raise StopConsumer()
