from channels.generic.websocket import WebsocketConsumer


class Counter(WebsocketConsumer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.count = 0

    def websocket_connect(self, message):
        self.accept()

    def websocket_receive(self, message):
        self.count += 1
        super().websocket_receive(message)

    def receive(self, text_data=None, bytes_data=None):
        if text_data:
            self.send(text_data=f"{self.count}: {text_data}")
        else:
            self.send(bytes_data=f"{self.count}: ".encode() + bytes_data)

    def websocket_disconnect(self, message):
        print("left")
        super().websocket_disconnect(message)
