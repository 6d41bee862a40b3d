"""Für Anfänger: what an ASGI server imports: a callable named application."""

import os

from django.core.asgi import get_asgi_application

# Only where the environment names no settings module yet.
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gs2.settings')

application = get_asgi_application()
