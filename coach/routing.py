"""Which entry of a URLRouter takes a path, worked out on the description that a check brings back.

An application is described by `Witness.application`: `{"kind": "URLRouter", "routes": […]}` and
so on. Nothing here imports Django or runs the learner's code.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

Told = dict[str, Any]
CONVERTER = re.compile(r"<(?:(\w+):)?\w+>")
CONVERTED = {"int": "[0-9]+", "slug": "[-a-zA-Z0-9_]+", "path": ".+"}


@dataclass(frozen=True)
class Pattern:
    """The first argument of `path`, or of `re_path` with `is_regex`."""

    text: str
    is_regex: bool


@dataclass(frozen=True)
class Route:
    """One way through nested URLRouters: a pattern for each of them, and where it ends."""

    patterns: tuple[Pattern, ...]
    to: Told

    def __str__(self) -> str:
        return " + ".join(f'"{pattern.text}"' for pattern in self.patterns)

    def leads_from(self, path: str) -> bool:
        """Whether this route takes a path, query string apart."""
        rest: str | None = path.partition("?")[0]
        for number, pattern in enumerate(self.patterns, 1):
            rest = rest_after(pattern, (rest or "").lstrip("/"), number == len(self.patterns))
            if rest is None:
                return False
        return True

    def changed(self, change: Callable[[Pattern], Pattern]) -> "Route":
        """This route with each of its patterns written otherwise."""
        return replace(self, patterns=tuple(change(pattern) for pattern in self.patterns))


def rest_after(pattern: Pattern, path: str, is_last: bool) -> str | None:
    """What a pattern leaves of a path; None where it does not match. As Django matches."""
    try:
        if not pattern.is_regex:
            found = re.match(regex_of(pattern.text) + (r"\Z" if is_last else ""), path)
        elif is_last and pattern.text.endswith("$"):
            found = re.fullmatch(pattern.text, path)
        else:
            found = re.search(pattern.text, path)
    except re.error:
        return None
    return path[found.end() :] if found else None


def regex_of(route: str) -> str:
    """The regular expression that `path` makes of its first argument."""
    parts, last = [], 0
    for found in CONVERTER.finditer(route):
        parts += [re.escape(route[last : found.start()]), CONVERTED.get(found[1] or "", "[^/]+")]
        last = found.end()
    return "".join([*parts, re.escape(route[last:])])


def below(application: Told, protocol: str) -> Told | None:
    """What the protocol router gives a protocol to; None where it has no such key, or where
    the description shows no protocol router."""
    router = protocol_router(application)
    if router is None or protocol not in router["protocols"]:
        return None
    inner: Told = router["inner"][router["protocols"].index(protocol)]
    return inner


def protocol_router(application: Told) -> Told | None:
    """The ProtocolTypeRouter, at the top or inside what is wrapped around it."""
    return next((one for one in wrapped(application) if "protocols" in one), None)


def wrapped(application: Told) -> Iterator[Told]:
    """An application, and one inside the other what it is wrapped around."""
    yield application
    while "protocols" not in application and len(application.get("inner", ())) == 1:
        application = application["inner"][0]
        yield application


def core(application: Told) -> Told:
    """What is left of an application without its wrappers."""
    return list(wrapped(application))[-1]


def routes_of(application: Told) -> list[Route] | None:
    """Every route of a URLRouter, those of nested ones too; None where it is none."""
    router = core(application)
    if router.get("kind") != "URLRouter":
        return None
    found: list[Route] = []
    for route in router["routes"]:
        pattern = Pattern(route["pattern"], route["regex"])
        inner = routes_of(route["to"])
        if inner is None:
            found.append(Route((pattern,), core(route["to"])))
        else:
            found += [replace(one, patterns=(pattern, *one.patterns)) for one in inner]
    return found
