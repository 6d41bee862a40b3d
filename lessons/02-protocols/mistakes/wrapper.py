"""The router in an async function."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")

router = ProtocolTypeRouter({"http": get_asgi_application()})


async def application(scope, receive, send):
    print(scope["type"], scope["path"])
    await router(scope, receive, send)
