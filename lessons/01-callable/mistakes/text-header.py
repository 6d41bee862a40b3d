"""A wrapper that adds a header, as text."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")

django_application = get_asgi_application()


async def application(scope, receive, send):
    async def send_named(event):
        if event["type"] == "http.response.start":
            event["headers"].append(("X-Site", "gs2"))
        await send(event)

    await django_application(scope, receive, send_named)
