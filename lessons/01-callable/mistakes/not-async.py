"""A callable that forgets to be async."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")

django_application = get_asgi_application()


def application(scope, receive, send):
    django_application(scope, receive, send)
