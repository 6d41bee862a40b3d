"""Causes in what an entry of a URLRouter leads to, or in the call of path() that makes it."""

import ast
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.routes import because, websocket_routes
from coach.diagnoses.syntax import tree_of
from coach.diagnoses.ways import last_line
from coach.evidence import Evidence, Told
from coach.routing import Route, core

# An entry that leads to a list of entries of pages.
INCLUDED = re.compile(r"(re_)?path\(.*(\binclude\(|\bsite\.urls\b)")


def _end(evidence: Evidence) -> tuple[Route, Told] | None:
    """The first route that takes the path, and what it leads to, wrappers apart."""
    routes = websocket_routes(evidence) or []
    path = evidence.path.lstrip("/")
    return next(((route, core(route.to)) for route in routes if route.leads_from(path)), None)


@diagnosis("view-as-route")
def view_as_route(evidence: Evidence) -> Because | None:
    route, end = _end(evidence) or (None, {})
    if evidence.kind != "raised" or route is None or end.get("kind") != "function":
        return None
    name = str(end["name"])
    if name.endswith("as_view.<locals>.view"):
        why = f"the entry {route} leads to a Django view (as_view), which answers pages"
    elif error := evidence.raised("TypeError", "but 3 were given"):
        found = re.match(r"([\w.<>]+)\(\) takes (\d) positional", error["text"])
        if not found or found[1].split(".")[-1] != name.split(".")[-1]:
            return None
        plural = "" if found[2] == "1" else "s"
        why = f"the entry {route} leads to {name}, which takes {found[2]} argument{plural}"
    else:
        return None
    why += "; a WebSocket needs an application of (scope, receive, send)"
    return because(evidence, route, why)


@diagnosis("route-not-async")
def route_not_async(evidence: Evidence) -> Because | None:
    """The router called the function of an entry, and got back nothing to await."""
    route, end = _end(evidence) or (None, {})
    error = evidence.raised("TypeError", "can't be used in 'await' expression")
    last = error["frames"][-1] if error and error["frames"] else {"file": ""}
    if evidence.kind != "raised" or route is None or end.get("kind") != "function":
        return None
    if not last["file"].endswith("routing.py"):
        return None
    why = (
        f"the entry {route} leads to {end['name']}, and a call of it gives back nothing to await: "
        "an ASGI application is an async def"
    )
    return because(evidence, route, why)


@diagnosis("application-called-in-route")
def application_called_in_route(evidence: Evidence) -> str | None:
    error = evidence.raised("TypeError", "missing 3 required positional arguments: 'scope'")
    found = re.match(r"([\w.<>]+)\(\) missing", error["text"]) if error else None
    if not found or evidence.kind != "not-loaded":
        return None
    return (
        f"{found[1]}() calls the application while the file is imported; the entry wants the "
        f"function itself, {found[1]} without parentheses, and a server calls it"
    )


@diagnosis("as-asgi-on-a-function")
def as_asgi_on_a_function(evidence: Evidence) -> str | None:
    error = evidence.raised("AttributeError")
    found = re.match(
        r"('function' object|module '([\w.]+)') has no attribute '(as_asgi|as_view)'",
        error["text"] if error else "",
    )
    if not found:
        return None
    what = f"the module {found[2]}" if found[2] else "a function"
    rest = "name the application in it" if found[2] else "it is an ASGI application as it stands"
    return f"{what} has no {found[3]}, only a class has it: {rest}"


@diagnosis("entry-without-callable")
def entry_without_callable(evidence: Evidence) -> str | None:
    texts = ("view must be a callable", "_path() missing 1 required positional argument: 'view'")
    if any(evidence.raised("TypeError", text) for text in texts):
        place = last_line(evidence)
        if place and place["file"] == "gs2/urls.py":
            return (
                "path() takes a view, or a list of further entries, which include(…) makes of the "
                'name of a module: a text alone, without include("…"), is neither'
            )
        return (
            "path() takes the application itself as its second argument, a function for instance; "
            "a text, a module or nothing is no application"
        )
    return None


@diagnosis("include-in-urlrouter")
def include_in_urlrouter(evidence: Evidence) -> Because | None:
    if evidence.raised("ImproperlyConfigured", "include() is not supported in URLRouter"):
        why = (
            "a URLRouter takes no include(), nor what stands for one, as admin.site.urls does: "
            "give it the entries themselves, or a URLRouter inside path()"
        )
        return Because(why, _include_line(evidence))
    return None


def _include_line(evidence: Evidence) -> Told | None:
    """The one line with an include, or what stands for one, outside of the lists of pages."""
    places = [
        in_file(file, node.lineno)
        for file, data in evidence.tree.items()
        if file.endswith(".py") and b"\nurlpatterns = " not in data
        for node in ast.walk(tree_of(evidence, file))
        if isinstance(node, ast.Call) and INCLUDED.match(ast.unparse(node))
    ]
    return places[0] if len(places) == 1 else None


@diagnosis("converter-unknown")
def converter_unknown(evidence: Evidence) -> str | None:
    error = evidence.raised("ImproperlyConfigured", "uses invalid converter")
    found = re.search(r"invalid converter '(\w+)'", error["text"]) if error else None
    if not found:
        return None
    return f"path() knows no converter {found[1]}; it has str, int, slug, uuid and path"
