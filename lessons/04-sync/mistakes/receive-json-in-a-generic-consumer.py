from channels.generic.websocket import WebsocketConsumer


class Counter(WebsocketConsumer):
    def connect(self):
        self.count = 0
        self.accept()

    def receive_json(self, content):
        self.count += 1
        number = f"{self.count}: "
        if True:
            self.send(text_data=number + content)
        else:
            self.send(bytes_data=b"")
