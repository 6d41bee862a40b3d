import asyncio
import time

from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer


def last_of(text):
    word, _, number = (text or "").partition(" ")
    return int(number) if word == "count" and number.isdigit() else 0


class MySyncConsumer(WebsocketConsumer):
    n = 0

    def receive(self, text_data=None, bytes_data=None):
        if last_of(text_data):
            for i in range(last_of(text_data)):
                time.sleep(0.2)
                self.send(f"{i + 1}")
            return
        self.n += 1
        if text_data is None:
            self.send(bytes_data=b"%d: " % self.n + bytes_data)
        else:
            self.send(text_data=f"{self.n}: {text_data}")


class MyAsyncConsumer(AsyncWebsocketConsumer):
    n = 0

    async def receive(self, text_data=None, bytes_data=None):
        if last_of(text_data):
            for i in range(last_of(text_data)):
                await asyncio.sleep(0.2)
                await self.send(f"{i + 1}")
            return
        self.n += 1
        if text_data is None:
            await self.send(bytes_data=b"%d: " % self.n + bytes_data)
        else:
            await self.send(text_data=f"{self.n}: {text_data}")
