"""Settings for a public site: what the environment has to say, and what then protects it."""

import asyncio
import http.client
import json
import os
import queue
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from coach.serving import listen, serving

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30
GIVEN = {
    "DJANGO_SETTINGS_MODULE": "gs2.production",
    "SECRET_KEY": "a key of 50 or more characters that this test alone has",
    "ALLOWED_HOSTS": "chat.example.com, 127.0.0.1",
}
NAMES = (
    "REDIS_URL", "DATABASE_URL", "DEBUG", "CSRF_TRUSTED_ORIGINS", "SECURE_HSTS_SECONDS",
    "STATIC_ROOT",
)  # fmt: skip


def environment(**more: str) -> dict[str, str]:
    """That of a public site, with `more` in it; an empty value counts as none."""
    kept = {name: value for name, value in os.environ.items() if name not in NAMES}
    return kept | GIVEN | more


def python(*words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment(**more), capture_output=True,
        encoding="utf-8", timeout=PATIENCE_S, check=False,
    )  # fmt: skip


# -- what the environment says --------------------------------------------------------------------

REFUSED = {
    "SECRET_KEY=": (
        "The environment has no SECRET_KEY; set it to 50 or more random characters that nobody "
        "else has."
    ),
    "ALLOWED_HOSTS= ,": (
        "The environment has no ALLOWED_HOSTS; set it to the names of the site, separated by "
        "commas."
    ),
    "SECURE_HSTS_SECONDS=1h": (
        "The environment has SECURE_HSTS_SECONDS=1h; set it to a whole number of seconds."
    ),
    "DATABASE_URL=tea://ana:secret@host/chat": (
        "DATABASE_URL is no address of a database that Django knows; set it to one such as "
        "postgres://user:password@host/name."
    ),
}


@pytest.mark.parametrize("given", REFUSED)
def test_environment_that_lacks_something_is_refused_in_one_sentence(given):
    name, _, value = given.partition("=")

    ran = python("-c", "import gs2.production", **{name: value})

    assert ran.returncode == 1
    told = "django.core.exceptions.ImproperlyConfigured: " + REFUSED[given]
    assert ran.stderr.splitlines()[-1] == told
    assert "secret@" not in ran.stderr


SHOW = """
import json
from gs2 import production as made
names = "DATABASES ALLOWED_HOSTS CSRF_TRUSTED_ORIGINS DEBUG SECURE_HSTS_SECONDS STATIC_ROOT"
print(json.dumps({name: getattr(made, name) for name in names.split()}, default=str))
"""


def test_everything_can_be_said_in_the_environment():
    ran = python(
        "-c", SHOW, DEBUG="1", SECURE_HSTS_SECONDS="60", STATIC_ROOT="/srv/files",
        CSRF_TRUSTED_ORIGINS="https://chat.example.com,https://example.com",
        DATABASE_URL="postgres://ana:s%40cret@db:5433/chat",
    )  # fmt: skip

    made = json.loads(ran.stdout)
    database = made.pop("DATABASES")["default"]
    assert made == {
        "ALLOWED_HOSTS": ["chat.example.com", "127.0.0.1"],
        "CSRF_TRUSTED_ORIGINS": ["https://chat.example.com", "https://example.com"],
        "DEBUG": True,
        "SECURE_HSTS_SECONDS": 60,
        "STATIC_ROOT": "/srv/files",
    }
    wanted = {
        "ENGINE": "django.db.backends.postgresql", "NAME": "chat", "USER": "ana",
        "PASSWORD": "s@cret", "HOST": "db", "PORT": 5433, "CONN_MAX_AGE": 0,
    }  # fmt: skip
    assert {name: database[name] for name in wanted} == wanted


def test_little_has_to_be_said_in_the_environment():
    made = json.loads(python("-c", SHOW, DATABASE_URL="", DEBUG="").stdout)

    assert made["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert (made["DEBUG"], made["SECURE_HSTS_SECONDS"]) == (False, 3_600)


# -- Django's own check of a public site ----------------------------------------------------------


def test_check_of_a_public_site_is_clean():
    ran = python("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert (ran.returncode, ran.stdout) == (
        0, "System check identified no issues (0 silenced).\n"
    )  # fmt: skip
    assert ran.stderr == "REDIS_URL is not set: the rooms of this process are its own.\n"


# What Django says where a protection is missing, which shows that its check looks for each.
PROTECTIONS = {
    "SECURE_SSL_REDIRECT": (False, "security.W008"),
    "SESSION_COOKIE_SECURE": (False, "security.W012"),
    "CSRF_COOKIE_SECURE": (False, "security.W016"),
    "SECURE_HSTS_SECONDS": (0, "security.W004"),
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": (False, "security.W005"),
    "SECURE_HSTS_PRELOAD": (False, "security.W021"),
    "DEBUG": (True, "security.W018"),
    "ALLOWED_HOSTS": ([], "security.W020"),
    "SECRET_KEY": ("short", "security.W009"),
}
WARNED = """
import json, sys
import django
django.setup()
from django.core.checks import run_checks
from django.test import override_settings
told = {}
for name, (value, _) in json.loads(sys.argv[1]).items():
    with override_settings(**{name: value}):
        told[name] = [one.id for one in run_checks(include_deployment_checks=True)]
print(json.dumps(told))
"""


def test_check_warns_of_each_protection_that_is_missing():
    ran = python("-c", WARNED, json.dumps(PROTECTIONS))

    assert json.loads(ran.stdout) == {name: [ident] for name, (_, ident) in PROTECTIONS.items()}


# -- a real Daphne with these settings ------------------------------------------------------------


@pytest.fixture(scope="module")
def public() -> Iterator[int]:
    """The port of a Daphne behind which the finished site is a public one."""
    events = queue.SimpleQueue()
    door = listen(0)
    port = door.getsockname()[1]
    with serving([door], ROOT, environment(DATABASE_URL="sqlite://:memory:"), events):
        assert events.get(timeout=PATIENCE_S).kind == "serves"
        yield port


def get(port: int, path: str, **headers: str) -> tuple[int, "http.client.HTTPMessage", str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


BY_HTTPS = {"Host": "chat.example.com", "X-Forwarded-Proto": "https"}


def test_unknown_page_shows_nothing_of_the_code(public):
    status, headers, page = get(public, "/nowhere/", **BY_HTTPS)

    assert status == 404
    assert "<h1>Not Found</h1>" in page
    assert "URLconf" not in page
    assert headers["Strict-Transport-Security"] == "max-age=3600; includeSubDomains; preload"


def test_request_without_https_is_sent_there(public):
    status, headers, _ = get(public, "/echo/", Host="chat.example.com")

    assert (status, headers["Location"]) == (301, "https://chat.example.com/echo/")


def test_request_for_another_host_is_refused(public):
    assert get(public, "/", **BY_HTTPS | {"Host": "cy.example.com"})[0] == 400


async def echo(port: int, origin: str) -> str:
    """What a page of this origin hears from the site for a message."""
    headers = {"X-Forwarded-Proto": "https"}
    address = f"ws://127.0.0.1:{port}/ws/ac/"
    async with connect(address, origin=origin, additional_headers=headers, proxy=None) as client:
        await client.send("tea")
        return await asyncio.wait_for(client.recv(), PATIENCE_S)


@pytest.mark.asyncio
async def test_page_of_the_site_opens_a_websocket(public):
    assert "tea" in await echo(public, "https://chat.example.com")


@pytest.mark.asyncio
async def test_page_of_another_site_opens_none(public):
    with pytest.raises(InvalidStatus) as refusal:
        await echo(public, "https://cy.example.com")

    assert refusal.value.response.status_code == 403
