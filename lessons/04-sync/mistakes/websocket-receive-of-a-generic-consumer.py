from channels.generic.websocket import WebsocketConsumer


class Counter(WebsocketConsumer):
    def connect(self):
        self.count = 0
        self.accept()

    def websocket_receive(self, event):
        print(event)
