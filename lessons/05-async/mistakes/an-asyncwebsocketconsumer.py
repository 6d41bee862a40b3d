from channels.generic.websocket import AsyncWebsocketConsumer


class Counter(AsyncWebsocketConsumer):
    async def connect(self):
        self.count = 0
        await self.accept()

    async def receive(self, text_data=None, bytes_data=None):
        self.count += 1
        if text_data is not None:
            await self.send(text_data=f"{self.count}: {text_data}")
        else:
            await self.send(bytes_data=f"{self.count}: ".encode() + bytes_data)

    async def disconnect(self, close_code):
        print("left with", close_code)
