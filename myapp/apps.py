"""How Django knows this app."""

import logging

from django.apps import AppConfig
from django.conf import settings

log = logging.getLogger(__name__)


class MyappConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "myapp"

    def ready(self) -> None:
        if not settings.REDIS_URL:
            log.warning("REDIS_URL is not set: the rooms of this process are its own.")
