from channels.generic.websocket import WebsocketConsumer


class Counter(WebsocketConsumer):
    def connect(self):
        self.count = 0
        self.accept()

    def receive(self, event):
        self.count += 1
        number = f"{self.count}: "
        if event is not None:
            self.send(event=number + event)
        else:
            self.send(event=number.encode() + event)
