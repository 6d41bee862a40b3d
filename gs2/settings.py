"""Settings of the site gs2, for learning on one's own machine and not for the internet.

What each name means: https://docs.djangoproject.com/en/5.2/ref/settings/
"""

import os
from pathlib import Path

# The folder that holds manage.py.
BASE_DIR = Path(__file__).resolve().parent.parent

# Everybody who has this course has this key, so it protects nothing. A public site needs its own.
SECRET_KEY = "for-learning-only-anybody-can-read-this-key-in-the-course"

# Error pages that show the code. A public site has False here.
DEBUG = True

# The names under which a browser may ask for this site.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

# daphne comes first: its runserver replaces the one of django.contrib.staticfiles.
INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "myapp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "gs2.urls"

# Where runserver finds the callable: the module gs2.asgi, and in it the name application.
ASGI_APPLICATION = "gs2.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
    }
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"

# Where log-in and log-out lead to.
LOGIN_REDIRECT_URL = "map"
LOGOUT_REDIRECT_URL = "map"

# What carries a message from one connection to the others: a Valkey or Redis, such as
# redis://127.0.0.1:6379, or else the memory of this process, which no other process can see.
REDIS_URL = os.environ.get("REDIS_URL")
if REDIS_URL:
    LAYER = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
else:
    LAYER = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
CHANNEL_LAYERS = {"default": LAYER}

# Bounds of the chat, each with its unit.
CHAT_LINE_MAX_CHARS = 1_000
CHAT_ROOM_MAX_CHARS = 50
CHAT_HISTORY_LINES = 50
CHAT_LINES_PER_S = 5  # on one connection, for longer than a moment
CHAT_BURST_LINES = 10  # on one connection, at once
CHAT_FLOOD_LINES = 100  # refused one after another, until the connection is closed
CHAT_USER_MAX_CONNECTIONS = 10  # to one process
