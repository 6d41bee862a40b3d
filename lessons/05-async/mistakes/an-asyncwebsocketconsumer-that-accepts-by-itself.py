from channels.generic.websocket import AsyncWebsocketConsumer


class Counter(AsyncWebsocketConsumer):
    count = 0

    async def receive(self, text_data=None, bytes_data=None, **kwargs):
        self.count = self.count + 1
        if bytes_data:
            await self.send(bytes_data=b"%d: " % self.count + bytes_data)
        else:
            await self.send("%d: %s" % (self.count, text_data))
