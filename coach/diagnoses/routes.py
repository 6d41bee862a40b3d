"""Causes in the entries of a URLRouter: which paths each of them takes."""

import re
from dataclasses import replace

from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.target import shadowed
from coach.evidence import Evidence
from coach.routing import CONVERTER, Pattern, Route, below, routes_of

# What a client of the wrong application meets.
UNLIKE = ("wrong-thread", "silent", "wrong", "returned", "closed", "raised")
REGEX_SIGNS = re.compile(r"[\^$\\*+?]|\(\?P<|\[[^]]*\]")


def websocket_routes(evidence: Evidence) -> list[Route] | None:
    """The routes below "websocket"; None where no URLRouter can be seen there."""
    inner = below(evidence.facts.get("application") or {}, "websocket")
    return routes_of(inner) if inner else None


def _unrouted(evidence: Evidence) -> tuple[str, list[Route]]:
    """The path that the URLRouter found no route for, and its routes; "" where that is not so."""
    path = evidence.path.partition("?")[0].lstrip("/")
    is_so = evidence.raised("ValueError", f"No route found for path {path!r}.")
    if any("http.request" in entry.text for entry in evidence.tape[-2:]):  # a page came there
        return "", []
    return (path, websocket_routes(evidence) or []) if is_so else ("", [])


def _is_found(route: Route, path: str) -> bool:
    """Whether a route takes a path, if a final slash more or less is overlooked."""
    return any(route.leads_from(one) for one in (path, path + "/", path.removesuffix("/")))


def because(evidence: Evidence, route: Route, why: str) -> Because:
    """A reason that looks at the one line where the route's last pattern is written."""
    text = route.patterns[-1].text
    places = [
        in_file(file, number)
        for file, data in evidence.tree.items()
        if file.endswith(".py") and (text or _has_routes(evidence, file))
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1)
        if (f'"{text}"' in line or f"'{text}'" in line) and not line.lstrip().startswith("#")
        if text or re.search(r"path\((route=)?r?['\"]{2}", line)
    ]
    return Because(why, places[0] if len(places) == 1 else None)


def _has_routes(evidence: Evidence, file: str) -> bool:
    """Whether patterns of WebSockets can be written in this file, which is no list of pages."""
    texts = [one.patterns[-1].text for one in websocket_routes(evidence) or ()]
    data = evidence.tree[file].decode("utf-8", "replace")
    is_of_pages = re.search(r"^urlpatterns\b", data, re.M) is not None
    return not is_of_pages or any(text and f'"{text}"' in data for text in texts)


@diagnosis("route-with-leading-slash")
def route_with_leading_slash(evidence: Evidence) -> Because | None:
    path, routes = _unrouted(evidence)

    def without(pattern: Pattern) -> Pattern:
        return replace(pattern, text=re.sub(r"^(\^?)(\\[AZ])?/+", r"\1\2", pattern.text))

    for route in routes:
        if route.changed(without) != route and _is_found(route.changed(without), path):
            why = (
                f"the entry {route} begins with a slash, and the URLRouter takes that slash off "
                f"the path before it compares: it looks for {path}"
            )
            return because(evidence, route, why)
    return None


@diagnosis("route-without-final-slash")
def route_without_final_slash(evidence: Evidence) -> Because | None:
    path, routes = _unrouted(evidence)
    for route in routes:
        if _is_found(route, path):
            more = "without" if path.endswith("/") else "with"
            why = (
                f"the entry {route} is {more} the final slash, and the client asks for {path}: "
                "the slash is part of the path, and no redirect adds it for a WebSocket"
            )
            if path.endswith("/") and route.leads_from(path + "/"):
                why = f"the entry {route} ends in one slash more than {path}, which is asked for"
            return because(evidence, route, why)
    return None


@diagnosis("query-in-route")
def query_in_route(evidence: Evidence) -> Because | None:
    path, routes = _unrouted(evidence)
    for route in routes:
        last = route.patterns[-1]
        cut = replace(last, text=re.split(r"\\?\?(?=\w+=)", last.text)[0])
        if cut != last and _is_found(replace(route, patterns=(*route.patterns[:-1], cut)), path):
            why = (
                f"the entry {route} holds a query string, and that is no part of the path: "
                'the URLRouter compares only what stands before the "?"'
            )
            return because(evidence, route, why)
    return None


@diagnosis("regex-in-path")
def regex_in_path(evidence: Evidence) -> Because | None:
    path, routes = _unrouted(evidence)

    def as_regex(pattern: Pattern) -> Pattern:
        is_meant = REGEX_SIGNS.search(pattern.text) is not None
        return replace(pattern, is_regex=pattern.is_regex or is_meant)

    for route in routes:
        if route.changed(as_regex) != route and _is_found(route.changed(as_regex), path):
            why = (
                f"the entry {route} is a regular expression, and path() takes each character "
                "as it stands: drop the signs, or write re_path()"
            )
            return because(evidence, route, why)
    return None


@diagnosis("converter-in-re-path")
def converter_in_re_path(evidence: Evidence) -> Because | None:
    path, routes = _unrouted(evidence)

    def as_path(pattern: Pattern) -> Pattern:
        if not pattern.is_regex or not CONVERTER.search(re.sub(r"\(\?P<\w+>", "", pattern.text)):
            return pattern
        text = pattern.text.removeprefix("^").removesuffix("$")
        return Pattern(text, is_regex=False)

    for route in routes:
        if route.changed(as_path) != route and _is_found(route.changed(as_path), path):
            why = (
                f"the entry {route} holds a converter of path(), and re_path() takes it for "
                "part of a regular expression: write path(), or a group (?P<name>…)"
            )
            return because(evidence, route, why)
    return None


@diagnosis("address-in-route")
def address_in_route(evidence: Evidence) -> Because | None:
    _, routes = _unrouted(evidence)
    for route in routes:
        if re.match(r"\^?(wss?|https?):/", route.patterns[0].text):
            why = (
                f"the entry {route} is a whole address; an entry holds the path alone, which "
                "begins behind the host and its slash"
            )
            return because(evidence, route, why)
    return None


@diagnosis("regex-broken")
def regex_broken(evidence: Evidence) -> Because | None:
    for route in websocket_routes(evidence) or ():
        for pattern in route.patterns:
            try:
                re.compile(pattern.text if pattern.is_regex else "")
            except re.error as error:
                if any(link["text"] == str(error) for link in evidence.error):
                    return because(evidence, route, f"{route} is no regular expression: {error}")
    return None


@diagnosis("route-path-differs")
def route_path_differs(evidence: Evidence) -> Because | None:
    path, routes = _unrouted(evidence)
    for route in routes:
        text = "".join(pattern.text for pattern in route.patterns)
        if re.sub(r"\s", "", text.casefold()) == path.casefold():
            how = "in upper and lower case" if len(text) == len(path) else "in a space"
            why = f'the client asks for "{path}", and the entry is {route}: they differ {how}'
            return because(evidence, route, why)
    return None


@diagnosis("empty-path-alone")
def empty_path_alone(evidence: Evidence) -> Because | None:
    """`path("", guards.refuse)` in the place of `re_path("", …)`."""
    _, routes = _unrouted(evidence)
    for route in routes if evidence.stage == "nowhere" else ():
        last = route.patterns[-1]
        if last.text in ("", "^$") and (not last.is_regex or last.text):
            how = "re_path" if last.is_regex else "path"
            why = (
                f'{how}("{last.text}", …) takes the empty path and no other; re_path("", …) is '
                "what takes every path that no entry above it has taken"
            )
            return because(evidence, route, why)
    return None


@diagnosis("route-of-digits")
def route_of_digits(evidence: Evidence) -> Because | None:
    """`<int:room>`, and a path whose room is no number."""
    path, routes = _unrouted(evidence)

    def of_text(pattern: Pattern) -> Pattern:
        return replace(pattern, text=pattern.text.replace("<int:", "<slug:"))

    for route in routes:
        if route.changed(of_text) != route and route.changed(of_text).leads_from(path):
            why = (
                f"the entry {route} takes digits alone where it says int, and the client asks for "
                f'"{path}": slug is what takes letters, digits, hyphens and underscores'
            )
            return because(evidence, route, why)
    return None


@diagnosis("route-missing")
def route_missing(evidence: Evidence) -> Because | None:
    path, routes = _unrouted(evidence)
    if not routes:
        return None
    known = ", ".join(map(str, routes))
    why = f'the client asks for "{path}", and no entry of the URLRouter takes that; it has {known}'
    pages = str((evidence.facts.get("settings") or {}).get("ROOT_URLCONF", ""))
    file = pages.replace(".", "/") + ".py"
    if f'"{path}"' in evidence.tree.get(file, b"").decode("utf-8", "replace"):
        why += f"; {file} has it, and that is for HTTP alone"
    found = because(evidence, routes[-1], why)
    if not any(pattern.text for route in routes for pattern in route.patterns):
        entry = str((evidence.facts.get("file") or {}).get("file", ""))  # where the list is given
        return Because(why, line_with(evidence, entry, "URLRouter("))
    return found


# -- paths that lead somewhere and should not ----------------------------------------------------


@diagnosis("entry-shadowed")
def entry_shadowed(evidence: Evidence) -> Because | None:
    """A wider entry stands above the one that was meant, which is never reached."""
    first, meant = shadowed(evidence) or (None, None)
    if first is None or evidence.kind not in UNLIKE:
        return None
    why = (
        f"the entry {first} takes {evidence.path} as well, and stands above {meant}: the "
        "first entry that takes a path is the one it comes to"
    )
    return because(evidence, first, why)


def _taken(evidence: Evidence) -> tuple[str, Route] | None:
    """A path that the URLRouter was expected to refuse, and the first route that takes it."""
    mark = evidence.tape[-1].mark if evidence.tape else ""
    if not mark.startswith("expected ValueError: No route found"):
        return None
    path = evidence.path.lstrip("/")
    routes = websocket_routes(evidence) or []
    return next(((path, route) for route in routes if route.leads_from(path)), None)


@diagnosis("pattern-without-end")
def pattern_without_end(evidence: Evidence) -> Because | None:
    path, route = _taken(evidence) or ("", None)
    if route is None or not route.patterns[-1].is_regex:
        return None
    last = route.patterns[-1]
    closed = replace(last, text=last.text + "$")
    if replace(route, patterns=(*route.patterns[:-1], closed)).leads_from(path):
        return None
    why = (
        f"the regular expression {route} has no $ at its end, so it also takes longer paths, "
        f"and with them {path}"
    )
    return because(evidence, route, why)


@diagnosis("pattern-too-wide")
def pattern_too_wide(evidence: Evidence) -> Because | None:
    path, route = _taken(evidence) or ("", None)
    if route is None:
        return None
    why = f"the entry {route} takes {path} too, so the URLRouter has nothing to refuse"
    return because(evidence, route, why)
