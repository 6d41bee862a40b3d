from channels.generic.websocket import WebsocketConsumer


class Counter(WebsocketConsumer):
    def websocket_connect(self, event):
        self.count = 0
        self.accept()

    def websocket_receive(self, event):
        self.count += 1
        number = f"{self.count}: "
        if event.get("text") is not None:
            self.send(number + event["text"])
        else:
            self.send(bytes_data=number.encode() + event["bytes"])

    def websocket_disconnect(self, event):
        print("left", event)
