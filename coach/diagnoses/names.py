"""Causes in a name that a line uses and nothing binds: where it comes from, if that is known."""

import ast
import re
from difflib import get_close_matches

from coach.diagnoses import lines
from coach.diagnoses.catalogue import Because, diagnosis, line_with
from coach.diagnoses.syntax import Function, call_dropped, function_at, line_text, tree_of
from coach.evidence import Evidence, Told

KNOWN = {
    "AsyncConsumer": "from channels.consumer import AsyncConsumer",
    "AsyncJsonWebsocketConsumer": (
        "from channels.generic.websocket import AsyncJsonWebsocketConsumer"
    ),
    "JsonWebsocketConsumer": "from channels.generic.websocket import JsonWebsocketConsumer",
    "ProtocolTypeRouter": "from channels.routing import ProtocolTypeRouter",
    "StopConsumer": "from channels.exceptions import StopConsumer",
    "SyncConsumer": "from channels.consumer import SyncConsumer",
    "ThreadSensitiveContext": "from asgiref.sync import ThreadSensitiveContext",
    "URLRouter": "from channels.routing import URLRouter",
    "asyncio": "import asyncio",
    "database_sync_to_async": "from channels.db import database_sync_to_async",
    "get_asgi_application": "from django.core.asgi import get_asgi_application",
    "include": "from django.urls import include",
    "json": "import json",
    "os": "import os",
    "path": "from django.urls import path",
    "re_path": "from django.urls import re_path",
    "settings": "from django.conf import settings",
    "sync_to_async": "from asgiref.sync import sync_to_async",
    "time": "import time",
    "to_thread": "from asyncio import to_thread",
}
# Names of older versions of Django and Channels, and what stands in their place.
FORMER = {
    "AsgiHandler": "Django's callable is what get_asgi_application() of django.core.asgi returns",
    "route": "an entry is made by path or re_path of django.urls",
    "url": "an entry is made by path or re_path of django.urls",
}


@diagnosis("name-not-imported")
def name_not_imported(evidence: Evidence) -> Because | str | None:
    error = evidence.raised("NameError")
    found = re.match(r"name '(\w+)' is not defined", error["text"]) if error else None
    if not found or error is None:
        return None
    ours = [frame for frame in error["frames"] if frame["work"]]
    comes = _comes(evidence, found[1], ours[-1] if ours else None)
    why = (
        f"the name {found[1]} is used here, and nothing that this line can see imports "
        f"or defines it{comes}"
    )
    return Because(why, line_with(evidence, ours[-1]["file"], found[1])) if not ours else why


def _comes(evidence: Evidence, name: str, place: Told | None) -> str:
    """Where a name that is missing comes from, if that is known."""
    if name in KNOWN:
        return f"; it comes with `{KNOWN[name]}`"
    if name in FORMER:
        return f"; {FORMER[name]}"
    if name.capitalize() in ("True", "False"):
        return f"; in Python it is written {name.capitalize()}"
    if any(path.startswith(f"{name}/") for path in evidence.tree) or name in ("http", "websocket"):
        return "; meant as a string, it needs quotes"
    homes = [path for path in evidence.tree if re.fullmatch(rf"\w+/{name}\.py", path)]
    if len(homes) == 1:
        return f"; it comes with `from {homes[0].partition('/')[0]} import {name}`"
    homes = [
        path for path in evidence.tree if path.endswith(".py") and _is_home(evidence, path, name)
    ]
    if len(homes) == 1 and place is not None and homes[0] != place["file"]:
        return f"; it comes with `from {homes[0][:-3].replace('/', '.')} import {name}`"
    if place is None:
        return ""
    if re.match(rf"{name}\s*==", line_text(evidence, place)):
        return "; == compares, and = is what gives a name its value"
    near = get_close_matches(name, _bound(evidence, place) - {name}, 1, 0.8)
    if near:
        return f"; this file has {near[0]}"
    if place["name"] == "<module>":
        return _made_here(evidence, name, place)
    function = function_at(evidence, place)
    is_method = function is not None and [one.arg for one in function.args.args][:1] == ["self"]
    return f"; in a consumer it is self.{name}" * (is_method and name in ("send", "scope"))


def _bound(evidence: Evidence, place: Told) -> set[str]:
    """The names that the top level of a file and the function at a place bind."""
    names = set(lines.assigned(evidence, place["file"]))
    for node in tree_of(evidence, place["file"]).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
    function = function_at(evidence, place)
    return names | {
        node.arg for node in ast.walk(function or ast.Pass()) if isinstance(node, ast.arg)
    }


def _is_home(evidence: Evidence, file: str, name: str) -> bool:
    """Whether the top level of a file defines a class, a function or a list of routes so called."""
    body = tree_of(evidence, file).body
    is_list = name.endswith("patterns") and name in lines.assigned(evidence, file)
    return is_list or any(
        isinstance(node, Function | ast.ClassDef) and node.name == name for node in body
    )


def _made_here(evidence: Evidence, name: str, place: Told) -> str:
    """The line of the same file that makes what is missing, too late or without keeping it."""
    late = lines.assigned(evidence, place["file"]).get(name, 0)
    if late > place["line"]:
        return f"; line {late} makes it, but comes later"
    dropped = call_dropped(evidence, place["file"], "get_asgi_application")
    if name == "application" and 0 < dropped < place["line"]:
        return f"; line {dropped} calls get_asgi_application() and does not keep what it returns"
    return ""
