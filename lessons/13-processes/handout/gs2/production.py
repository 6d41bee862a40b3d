"""Settings for a public site, where DJANGO_SETTINGS_MODULE=gs2.production is in the environment.

They are those of gs2.settings, apart from what the environment says:

SECRET_KEY            has to be there: a key that nobody else has
ALLOWED_HOSTS         has to be there: the site's names, separated by commas
CSRF_TRUSTED_ORIGINS  origins of other sites whose forms may post to this one, with commas
DATABASE_URL          such as postgres://user:password@host/name; without it, SQLite as before.
                      PostgreSQL needs a package more: pip install "psycopg[binary]"
REDIS_URL             as in gs2.settings; without it, one process alone, and it warns
SECURE_HSTS_SECONDS   how long a browser insists on HTTPS; without it, an hour
STATIC_ROOT           where `manage.py collectstatic` puts the files that nginx serves
DEBUG                 1 for error pages that show the code; not for others to see

In front stands a proxy that speaks HTTPS, such as nginx. It has to set X-Forwarded-Proto itself,
whatever a visitor sends: this site believes it.
"""

import os

from django.core.exceptions import ImproperlyConfigured

from gs2.settings import *  # noqa: F403
from gs2.settings import BASE_DIR


def required(name: str, what: str) -> str:
    """What the environment has under this name; there is no default that would be safe."""
    value = os.environ.get(name, "")
    if not value.strip(" ,"):
        raise ImproperlyConfigured(f"The environment has no {name}; set it to {what}.")
    return value


def listed(value: str) -> list[str]:
    """The parts between the commas."""
    return [part.strip() for part in value.split(",") if part.strip()]


def seconds(name: str, default_s: int) -> int:
    """A number of seconds from the environment."""
    value = os.environ.get(name) or str(default_s)
    if not value.isdecimal():
        raise ImproperlyConfigured(
            f"The environment has {name}={value}; set it to a whole number of seconds."
        )
    return int(value)


SECRET_KEY = required("SECRET_KEY", "50 or more random characters that nobody else has")
ALLOWED_HOSTS = listed(required("ALLOWED_HOSTS", "the names of the site, separated by commas"))
CSRF_TRUSTED_ORIGINS = listed(os.environ.get("CSRF_TRUSTED_ORIGINS", ""))
DEBUG = os.environ.get("DEBUG") == "1"

# HTTPS alone. The proxy says which requests came by it, and the cookies go by nothing else.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

# A browser that has been here once asks by HTTPS for so long, also for names below this one.
SECURE_HSTS_SECONDS = seconds("SECURE_HSTS_SECONDS", 3_600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True

# Django serves no files where DEBUG is False: this is the folder for the proxy to serve.
STATIC_ROOT = os.environ.get("STATIC_ROOT") or BASE_DIR / "static"

if os.environ.get("DATABASE_URL"):
    # Imported here, as a site with SQLite has no need of the package.
    import dj_database_url

    try:
        # Connections are not kept: every thread would keep one of its own.
        DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=0)}
    except ValueError:  # the address is not shown, as it may hold a password
        raise ImproperlyConfigured(
            "DATABASE_URL is no address of a database that Django knows; set it to one such as "
            "postgres://user:password@host/name."
        ) from None
