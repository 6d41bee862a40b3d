from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer

from myapp.reports import slow_report


class ReportConsumer(SyncConsumer):
    def websocket_connect(self, event):
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        report = slow_report(event.get("text") or "nothing")
        self.send({"type": "websocket.send", "text": report})

    def websocket_disconnect(self, event):
        raise StopConsumer()
