from channels.generic.websocket import AsyncWebsocketConsumer


class Counter(AsyncWebsocketConsumer):
    async def connect(self):
        self.count = 0
        await self.accept()

    async def recieve(self, text_data=None, bytes_data=None):
        self.count += 1
        number = f"{self.count}: "
        if text_data is not None:
            await self.send(text_data=number + text_data)
        else:
            await self.send(bytes_data=number.encode() + bytes_data)
