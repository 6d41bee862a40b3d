"""Three projects with Channels that are not the course's, each as its documentation sets one up.

`seen.py` is the tests' own: a record, made inside of the project, of what Channels does there.
"""

from coach.course import Tree

SETTINGS = """\
SECRET_KEY = "of a test"
DEBUG = True
ROOT_URLCONF = "{name}.urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "{name}.sqlite3"}}}}
CHANNEL_LAYERS = {{"default": {{"BACKEND": "channels.layers.InMemoryChannelLayer"}}}}
"""

SEEN = """\
from channels.consumer import AsyncConsumer
from django.urls.resolvers import RegexPattern, RoutePattern

ENDS, TRIED = [], []


def ended(name, scope):
    route = scope.get("url_route") or {}
    kwargs = {key: str(value) for key, value in route.get("kwargs", {}).items()}
    ENDS.append([name, [*route.get("args", ())], kwargs])


def watch(pattern):
    real = pattern.match

    def match(self, path):
        found = real(self, path)
        TRIED.append([str(self), path, found is not None])
        return found

    pattern.match = match


call = AsyncConsumer.__call__


async def seen(self, scope, receive, send):
    ended(type(self).__name__, scope)
    return await call(self, scope, receive, send)


AsyncConsumer.__call__ = seen
watch(RoutePattern)
watch(RegexPattern)
"""

ASGI = """\
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{name}.settings")
pages = get_asgi_application()

import seen
from channels.auth import AuthMiddlewareStack
from channels.routing import ChannelNameRouter, ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path, register_converter

"""

# https://channels.readthedocs.io/en/stable/tutorial/part_3.html
TUTORIAL = """\
from chat.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
"""
ROUTING = """\
from django.urls import re_path

from . import consumers

websocket_urlpatterns = [
    re_path(r"ws/chat/(?P<room_name>\\w+)/$", consumers.ChatConsumer.as_asgi()),
]
"""
CHAT = """\
import json

from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user_model


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = f"chat_{self.room_name}"
        if self.room_name == "full":
            await get_user_model().objects.acount()
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, close_code):
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)
"""
PAGES = """\
from django.http import HttpResponse
from django.urls import path


def index(request):
    return HttpResponse("rooms")


urlpatterns = [path("chat/", index)]
"""

# https://channels.readthedocs.io/en/stable/topics/routing.html: URLRouters in URLRouters
NESTED = """\
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer


class Year:
    regex = "[0-9]{4}"

    def to_python(self, text):
        if text < "1900":
            raise ValueError(text)
        return int(text)

    def to_url(self, year):
        return str(year)


register_converter(Year, "year")


class Belt(WebsocketConsumer):
    pass


class Crane(AsyncWebsocketConsumer):
    async def connect(self):
        await self.close(code=4003)


class Silent(AsyncWebsocketConsumer):
    async def connect(self):
        pass


shelves = URLRouter([
    path("<int:shelf>/", Belt.as_asgi(), {"side": "left"}),
    re_path(r"^(\\d+)-(\\d+)/$", Belt.as_asgi()),
    path("top/<slug:box>/", Crane.as_asgi()),
])
application = ProtocolTypeRouter({
    "websocket": URLRouter([
        path("depot/<str:hall>/", shelves),
        re_path(r"^depot/(?P<hall>\\w+)/", URLRouter([path("belt/", Belt.as_asgi())])),
        path("/year/<year:year>/", Crane.as_asgi()),
        path("year/<year:year>/", Silent.as_asgi()),
        path("both", AuthMiddlewareStack(URLRouter([path("", Belt.as_asgi())]))),
        re_path(r"^crane/<int:number>/$", Crane.as_asgi()),
        path(r"^lift/(?P<number>\\d+)/$", Crane.as_asgi()),
        path("Lower/", Belt.as_asgi()),
        path("class/", Belt),
    ]),
})
"""

# https://channels.readthedocs.io/en/stable/topics/worker.html and .../authentication.html
WORKERS = """\
import functools

from channels.consumer import SyncConsumer


class GenerateConsumer(SyncConsumer):
    def generate(self, message):
        pass


class QueryAuthMiddleware:
    def __init__(self, wrapped):
        self.wrapped = wrapped

    async def __call__(self, scope, receive, send):
        scope["user"] = "Ana"
        return await self.wrapped(dict(scope, token="tea"), receive, send)


def counted(inner):
    async def count(scope, receive, send):
        return await inner({**scope, "count": 1}, receive, send)

    return count


def either(first, second):
    async def choose(*event):
        try:
            return await first(*event)
        except ValueError:
            return await second(*event)

    return choose


async def plain(greeting, scope, receive, send):
    seen.ended("plain", scope)
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


async def lifespan(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()


renamed = ProtocolTypeRouter({
    "ws": URLRouter([path("feed/", functools.partial(plain, "hello"))]),
})
application = ProtocolTypeRouter({
    "websocket": QueryAuthMiddleware(counted(either(
        URLRouter([path("feed/", functools.partial(plain, "hello"))]),
        lambda scope, receive, send: plain("bye", scope, receive, send),
    ))),
    "channel": ChannelNameRouter({"thumbnails-generate": GenerateConsumer.as_asgi()}),
    "lifespan": lifespan,
})
"""


def project(name: str, code: str, **more: str) -> Tree:
    """The files of a project that calls itself `name`; `more` by their module's names."""
    texts = {
        "seen.py": SEEN,
        f"{name}/__init__.py": "",
        f"{name}/settings.py": SETTINGS.format(name=name),
        f"{name}/urls.py": PAGES,
        f"{name}/asgi.py": ASGI.format(name=name) + code,
    }
    texts |= {module.replace("__", "/") + ".py": text for module, text in more.items()}
    return {path: text.encode() for path, text in texts.items()}


TUTORIAL_SITE = project("mysite", TUTORIAL, chat__routing=ROUTING, chat__consumers=CHAT)
NESTED_SITE = project("depot", NESTED)
WORKERS_SITE = project("studio", WORKERS)
