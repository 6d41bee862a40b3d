"""What an ASGI server imports: a callable named application."""

import os

from django.core.asgi import get_asgi_application

from channels.routing import URLRouter, ProtocolTypeRouter

# Only where the environment names no settings module yet.
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gs2.settings')

# Django, for HTTP. This sets Django up, and before it no model can be imported.
application = get_asgi_application()

# So these stand below it: the routes lead to a consumer, and the consumer to a model.
from myapp.middleware import ThreadPerConnection
from myapp.routes import websocket_urlpatterns

# The same name again: Django lives on as the value of "http".
application = ProtocolTypeRouter({
    "http": application,
    "websocket": ThreadPerConnection(URLRouter(
        websocket_urlpatterns
    ))
})
