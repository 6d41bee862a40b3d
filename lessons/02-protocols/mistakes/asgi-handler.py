"""Copied from a page about Channels 2."""

import os

import django
from channels.http import AsgiHandler
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")
django.setup()

application = ProtocolTypeRouter({
    "http": AsgiHandler(),
})
