"""Why an entry of a URLRouter does not take a path, and what would lead on after all.

Each sentence is tried before it is said: what it claims of another path, or of the entry written
otherwise, Django's own patterns have matched here.
"""

import contextlib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from coach.child.witness import text_of
from coach.routing import CONVERTER

MOST_DEPTH, MOST_CHARS = 20, 60
SIGNS = re.compile(r"[\^$\\*+?]|\[[^]]*\]")
ADDRESS = re.compile(r"\^?(?:wss?|https?)://?[^/]*/?")
KEYS = {
    "websocket": {"ws", "wss", "websocket", "websockets", "socket", "sockets"},
    "http": {"http", "https"},
}
INNER = ("inner", "application", "app")  # where middleware keeps what it is wrapped around


def is_route(pattern: Any) -> bool:
    """Whether `path` made it, and not `re_path`."""
    return hasattr(pattern, "_route")


def name_of(thing: Any) -> str:
    """A class, the class of an instance, or a function with what it was made in."""
    while isinstance(thing, functools.partial):
        thing = thing.func
    thing = getattr(thing, "consumer_class", thing)
    if isinstance(thing, type):
        return thing.__name__
    qualname = getattr(thing, "co_qualname", None) or getattr(thing, "__qualname__", None)
    return text_of(qualname or type(thing).__name__).replace(".<locals>", "")


def why_not(pattern: Any, path: str) -> tuple[str, str]:
    """Why this entry refuses the path, and how else written it would take it ("" if unknown)."""
    try:
        if pattern.match(path):
            return "its pattern matches at one time and not at another", ""
    except Exception as error:
        return f"{type(error).__name__}: {text_of(error)}", ""
    text = text_of(pattern)
    for reason, entry, function in rewritten(pattern, text):
        if matched(function, entry, path, pattern._is_endpoint):
            return reason, f"the entry {function}({quoted(entry)}, …) takes this path"
    if text.removeprefix("^").startswith("/") and (is_route(pattern) or text[0] == "^"):
        return "begins with a slash, and the path that is compared never does", ""
    with contextlib.suppress(Exception):
        for reason_for in (value_refused, slashed, ended, differs):
            if reason := reason_for(pattern, path):
                return reason, ""
    return "does not match", ""


def rewritten(pattern: Any, text: str) -> Iterator[tuple[str, str, str]]:
    """Ways in which such an entry is meant: a reason, the entry as meant, and its function."""
    function = "path" if is_route(pattern) else "re_path"
    start = "^" if text.startswith("^") else ""
    if ADDRESS.match(text):
        reason = "is a whole address, and is compared with the path alone"
        yield reason, start + ADDRESS.sub("", text, count=1), function
    if text.removeprefix("^").startswith("/"):
        reason = "begins with a slash, and the path that is compared never does"
        yield reason, start + text.removeprefix("^").lstrip("/"), function
    if function == "path" and SIGNS.search(text):
        yield "is a regular expression, and path() takes its signs as they stand", text, "re_path"
    if function == "re_path" and CONVERTER.search(re.sub(r"\(\?P<\w+>", "", text)):
        reason = "holds a converter, and re_path() takes that for part of a regular expression"
        yield reason, text.removeprefix("^").removesuffix("$"), "path"


def matched(function: str, text: str, path: str, is_endpoint: bool) -> Any:
    """What such an entry makes of a path; None where it does not take it, or is none."""
    from django.urls.resolvers import RegexPattern, RoutePattern

    make: Any = RoutePattern if function == "path" else RegexPattern
    try:
        return make(text, is_endpoint=is_endpoint).match(path)
    except Exception:
        return None


def value_refused(pattern: Any, path: str) -> str:
    """What a converter refuses to take, where the signs alone would do."""
    found = pattern.regex.search(path)
    for name, converter in pattern.converters.items() if found else ():
        try:
            converter.to_python(found[name])
        except ValueError:
            return f"the converter of {name} refuses {quoted(found[name])}"
    return ""


def slashed(pattern: Any, path: str) -> str:
    if path and pattern.match(path + "/"):
        return "wants a slash at the end, and the path has none"
    if path.endswith("/") and pattern.match(path[:-1]):
        return "takes the path without the slash at its end"
    written = pattern.regex.pattern
    if not re.search(written, path) and re.search(written, path, re.IGNORECASE):
        return "differs in upper and lower case"
    return ""


def ended(pattern: Any, path: str) -> str:
    """What is left over, where an entry takes the beginning of a path."""
    text = text_of(pattern)
    if is_route(pattern):
        found = matched("path", text, path, False)
    else:
        found = matched("re_path", re.sub(r"(\$|\\Z)$", "", text), path, False)
    if not found or not found[0]:
        return ""
    return f"takes {quoted(path[: -len(found[0])])}, and {quoted(found[0])} is left over"


def differs(pattern: Any, path: str) -> str:
    """The part of a `path` entry at which the path goes another way; "" where that is open."""
    parts = [part for part in re.split(r"(<[^>]+>)", text_of(pattern)) if part]
    rest = path
    for number, part in enumerate(parts) if is_route(pattern) else ():
        found = matched("path", "".join(parts[: number + 1]), path, False)
        if found is None:
            return differs_here(part, rest)
        if part.startswith("<") and "/" in rest[: len(rest) - len(found[0])]:
            return ""  # such a part may end at more places than one
        rest = found[0]
    return ""


def differs_here(part: str, rest: str) -> str:
    """How the rest of a path differs from the part of an entry that is next."""
    segment = rest.partition("/")[0]
    if part.startswith("<"):
        kind = part[1:-1].rpartition(":")[0] or "str"
        if not segment:
            return f"the path has nothing for {part}"
        return "" if matched("path", part, segment, True) else f"{quoted(segment)} is no {kind}"
    ends = [end for end, sign in enumerate(part, 1) if sign == "/" and rest.startswith(part[:end])]
    same = max(ends, default=0)
    there = f"has {quoted(rest[same:])}" if rest[same:] else "ends"
    return f"has {quoted(part[same:])} where the path {there}"


# -- what leads on -----------------------------------------------------------------------------


def leads_to(thing: Any, path: str, depth: int = 0) -> str:
    """The name of what a path comes to below an application; "" where its routers refuse it."""
    if depth > MOST_DEPTH:
        return ""
    if isinstance(routes := getattr(thing, "routes", None), list | tuple):
        return first_of(routes, path, depth + 1)
    for name in () if hasattr(thing, "consumer_class") else INNER:
        if callable(inner := getattr(thing, "__dict__", {}).get(name)):
            return leads_to(inner, path, depth + 1)
    return name_of(thing) if callable(thing) else ""


def first_of(routes: Iterable[Any], path: str, depth: int = 0) -> str:
    """The name of what these entries lead a path to; as in a URLRouter, the first counts."""
    for route in routes:
        found = route.pattern.match(path.lstrip("/"))
        if found and (end := leads_to(route.callback, found[0], depth)):
            return end
    return ""


def other_paths(routes: Iterable[Any], path: str, whole: str) -> list[str]:
    """Paths that are nearly this one and lead on from these entries, each in a sentence."""
    others = {
        "with a slash at its end": path + "/",
        "without the slash at its end": path.removesuffix("/"),
        "with single slashes": re.sub("/+", "/", path),
        "in lower case": path.lower(),
        "without the space": re.sub(r"\s", "", path),
    }
    said = []
    for how, other in others.items():
        with contextlib.suppress(Exception):
            is_other = other.lstrip("/") != path.lstrip("/")
            end = first_of(routes, other) if is_other else ""
            if end and whole.endswith(path):
                full = whole[: len(whole) - len(path)] + other
                said.append(f"{how}, {quoted(full)} leads to {end}")
    return said


def other_keys(mapping: Mapping[Any, Any], wanted: str, path: str) -> list[str]:
    """Keys that are meant for this type of scope and are spelt otherwise, each in a sentence."""
    said = []
    for key, inner in mapping.items():
        if re.sub("[^a-z]", "", text_of(key).lower()) in KEYS.get(wanted, ()):
            end = ""
            with contextlib.suppress(Exception):
                end = leads_to(inner, path)
            said.append(
                f"the router has the key {quoted(text_of(key))}, and this type is {quoted(wanted)}"
                + (f"; below that key the path leads to {end}" if end else "")
            )
    return said


def class_itself(thing: Any) -> list[str]:
    """What a class is missing that stands where its application belongs, in a sentence."""
    if not isinstance(thing, type) or not hasattr(thing, "as_asgi"):
        return []
    return [f"{thing.__name__} itself is called; its application is {thing.__name__}.as_asgi()"]


def page_at(scope: Mapping[str, Any]) -> list[str]:
    """The view that Django has for the path of a WebSocket, in a sentence."""
    if scope.get("type") != "websocket" or "path_remaining" in scope:
        return []
    path = text_of(scope.get("path", ""))
    with contextlib.suppress(Exception, SystemExit):
        from django.urls import resolve

        view = name_of(resolve(path).func)
        return [f"as a page (--protocol http), {quoted(path)} leads to the view {view}"]
    return []


def quoted(text: str) -> str:
    """A text in quotes, on one line, bounded."""
    short = text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + "…"
    return '"' + "".join(one if one.isprintable() else repr(one)[1:-1] for one in short) + '"'
