"""Django alone, as lesson 1 leaves it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")

application = get_asgi_application()
