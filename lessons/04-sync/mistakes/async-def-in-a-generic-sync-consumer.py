from channels.generic.websocket import WebsocketConsumer


class Counter(WebsocketConsumer):
    def connect(self):
        self.count = 0
        self.accept()

    async def receive(self, text_data=None, bytes_data=None):
        self.count += 1
        number = f"{self.count}: "
        if text_data is not None:
            self.send(text_data=number + text_data)
        else:
            self.send(bytes_data=number.encode() + bytes_data)
