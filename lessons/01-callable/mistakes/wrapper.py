import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")

django_asgi_app = get_asgi_application()


async def application(scope, receive, send):
    print("scope:", scope["type"])
    await django_asgi_app(scope, receive, send)
