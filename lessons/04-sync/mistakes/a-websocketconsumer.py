from channels.generic.websocket import WebsocketConsumer


class Counter(WebsocketConsumer):
    count = 0

    def receive(self, text_data=None, bytes_data=None):
        self.count += 1
        if text_data is not None:
            self.send(f"{self.count}: {text_data}")
        else:
            self.send(bytes_data=b"%d: " % self.count + bytes_data)

    def disconnect(self, code):
        print("left with", code)
