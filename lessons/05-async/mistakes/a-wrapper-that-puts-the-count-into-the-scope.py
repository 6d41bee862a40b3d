from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer


class Numbered(AsyncConsumer):
    async def websocket_connect(self, event):
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        self.scope["n"] += 1
        n = self.scope["n"]
        if event.get("text") is not None:
            await self.send({"type": "websocket.send", "text": f"{n}: {event['text']}"})
        else:
            await self.send({"type": "websocket.send", "bytes": f"{n}: ".encode() + event["bytes"]})

    async def websocket_disconnect(self, event):
        raise StopConsumer()


class Counting:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        return await self.app(dict(scope, n=0), receive, send)


counter = Counting(Numbered.as_asgi())
