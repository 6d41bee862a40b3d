"""The router in a module of its own, as in Channels 2."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")

application = ProtocolTypeRouter({"http": get_asgi_application()})
