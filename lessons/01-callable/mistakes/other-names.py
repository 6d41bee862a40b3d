"""A wrapper around Django, with shorter names for its arguments."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")

django_application = get_asgi_application()


async def application(scope, rcv, snd):
    await django_application(scope, rcv, snd)
