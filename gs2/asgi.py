"""What an ASGI server imports: a callable named application."""

import os

from django.core.asgi import get_asgi_application

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter, ProtocolTypeRouter
from channels.security.websocket import AllowedHostsOriginValidator

# Only where the environment names no settings module yet.
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gs2.settings')

# Django, for HTTP. This sets Django up, and before it no model can be imported.
application = get_asgi_application()

# So these stand below it: the routes lead to a consumer, and the consumer to a model.
from myapp.middleware import ThreadPerConnection
from myapp.routes import websocket_urlpatterns

# The same name again: Django lives on as the value of "http". A WebSocket passes three doors:
# where its page comes from, then its own thread, in which the log-in is looked up.
application = ProtocolTypeRouter({
    "http": application,
    "websocket": AllowedHostsOriginValidator(
        ThreadPerConnection(
            AuthMiddlewareStack(
                URLRouter(
                    websocket_urlpatterns
                )
            )
        )
    )
})
