"""A raw ASGI function, with nothing of Django behind it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")


async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello, world"})
