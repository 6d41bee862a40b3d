"""What the tests stand on: Django, an empty database, an empty channel layer, visitors."""

import os
from collections.abc import Awaitable, Callable, Iterator

import django
import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import AsyncClient

Headers = list[tuple[bytes, bytes]]


def pytest_configure() -> None:
    """Set Django up, before the tests import anything of the site."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")
    django.setup()


@pytest.fixture(scope="session", autouse=True)
def database(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A database in a file that lasts for one run. The site's own is never opened.

    Not in memory, as SQLite usually tests: several threads share such a database badly.
    """
    connection.close()
    connection.settings_dict["OPTIONS"] = {"init_command": "PRAGMA synchronous = OFF"}  # faster
    connection.settings_dict["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()


@pytest.fixture(autouse=True)
def nothing_before(database: None) -> Iterator[None]:
    """Each test begins with an empty channel layer, and leaves an empty database."""
    channel_layers.set("default", InMemoryChannelLayer())
    yield
    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    connection.close()


@pytest.fixture
def log_in() -> Callable[[str], Awaitable[Headers]]:
    """`await log_in("ana")`: the headers with which Ana's browser comes, once she has logged in."""

    async def headers_of(name: str) -> Headers:
        user, _ = await get_user_model().objects.aget_or_create(username=name)
        browser = AsyncClient()
        await browser.aforce_login(user)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
        return [(b"origin", b"http://127.0.0.1"), (b"cookie", cookie.encode())]

    return headers_of
