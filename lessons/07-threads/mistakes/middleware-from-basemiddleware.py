from asgiref.sync import ThreadSensitiveContext
from channels.middleware import BaseMiddleware


class ThreadPerConnection(BaseMiddleware):
    async def __call__(self, scope, receive, send):
        async with ThreadSensitiveContext():
            return await super().__call__(scope, receive, send)
