from channels.generic.websocket import JsonWebsocketConsumer


class ChatConsumer(JsonWebsocketConsumer):
    def connect(self):
        self.accept()

    def receive(self, text_data=None, bytes_data=None, **kwargs):
        if text_data:
            super().receive(text_data=text_data)
        else:
            self.refuse("only text")

    @classmethod
    def decode_json(cls, text_data):
        try:
            return super().decode_json(text_data)
        except ValueError:
            return None

    def receive_json(self, content, **kwargs):
        if not isinstance(content, dict) or not isinstance(content.get("text"), str):
            self.refuse("a line is an object with a text")
        elif not content["text"].strip() or len(content["text"]) > 1000:
            self.refuse("a line has 1 to 1000 characters")
        else:
            self.send_json({"text": content["text"]})

    def refuse(self, why):
        self.send_json({"error": why})

    def disconnect(self, code):
        pass
