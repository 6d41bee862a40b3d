"""The two pages that talk to the site's own sockets: a console, and a race."""

import mimetypes
from typing import NamedTuple

from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from myapp.trap import PAUSE_S


class Way(NamedTuple):
    """A path over WebSocket, what answers it, and the lesson that adds it."""

    path: str
    what: str
    lesson: int


SYNC = Way("/ws/sc/", "sync consumer", 4)
ASYNC = Way("/ws/ac/", "async consumer", 5)
TRAP = Way("/ws/trap/", "async consumer that calls time.sleep", 6)
SHARED = Way("/ws/shared/", "sync consumer, one thread for all", 7)

# On some Windows machines Python takes .js for plain text, which no browser runs as a module.
mimetypes.add_type("text/javascript", ".js")


def show_echo(request: HttpRequest) -> HttpResponse:
    """A console that sends messages, and shows each event as the application names it."""
    return render(request, "myapp/echo.html", {"ways": [SYNC, ASYNC], "chosen": SYNC})


def show_race(request: HttpRequest) -> HttpResponse:
    """Many connections that ask at the same moment, at two ways, drawn as lanes over time."""
    ways = [SYNC, ASYNC, TRAP, SHARED]
    context = {"ways": ways, "first": SYNC, "second": ASYNC, "pause_s": PAUSE_S}
    return render(request, "myapp/race.html", context)


urlpatterns = [
    path("echo/", show_echo, name="echo"),
    path("race/", show_race, name="race"),
    # The files below static/. Daphne's own command serves none; Django does, while DEBUG is True.
    *staticfiles_urlpatterns(),
]
