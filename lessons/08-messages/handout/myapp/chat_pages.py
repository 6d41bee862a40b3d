"""The chat's pages: choose a room, and be in it. What is said there goes over a WebSocket."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, path, reverse

NAMES = "A room's name is made of the letters A to Z and a to z, digits, hyphens and underscores."


def log_in_page() -> str:
    """Where one logs in; "" before lesson 11, when the site knows nobody."""
    try:
        return reverse("login")
    except NoReverseMatch:
        return ""


def behind_the_door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Sends a visitor to the log-in page first, and back. Where there is none, lets all in."""

    @wraps(view)
    def ask(request: HttpRequest, **named: str) -> HttpResponse:
        where = log_in_page()
        # In this order: who the user is stands in the database, which lesson 10 brings.
        if where and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), where)
        return view(request, **named)

    return ask


@behind_the_door
def choose_room(request: HttpRequest) -> HttpResponse:
    """A form that asks for a room, and leads to it."""
    name = request.GET.get("room", "").strip()
    context = {"name": name, "error": why_not(name) if "room" in request.GET else ""}
    if "room" in request.GET and not context["error"]:
        return redirect("room", room=name)
    return render(request, "myapp/rooms.html", context)


@behind_the_door
def show_room(request: HttpRequest, room: str) -> HttpResponse:
    """The room: its lines, and a field for one's own."""
    if error := why_not(room):
        raise Http404(error)
    context = {
        "room": room,
        "log_in": log_in_page(),
        # Lesson 10 brings the history. Before it a room that is opened again says nothing.
        "history_lines": getattr(settings, "CHAT_HISTORY_LINES", 0),
    }
    return render(request, "myapp/chat.html", context)


def why_not(name: str) -> str:
    """Why no room can have this name; "" where one can."""
    most_chars = getattr(settings, "CHAT_ROOM_MAX_CHARS", len(name))  # a bound from lesson 9 on
    if len(name) > most_chars:
        return f"This name has {len(name)} characters; a room's has at most {most_chars}."
    try:
        reverse("room", kwargs={"room": name})
    except NoReverseMatch:
        return NAMES
    return ""


urlpatterns = [
    path("", choose_room, name="chat"),
    path("<slug:room>/", show_room, name="room"),
]
