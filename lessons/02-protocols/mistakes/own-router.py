"""A class around the router that prints each connection, with shorter names for its arguments."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")


class Printing:
    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, s, r, w):
        print(s["type"], s["path"])
        await self.inner(s, r, w)


application = Printing(ProtocolTypeRouter({"http": get_asgi_application()}))
