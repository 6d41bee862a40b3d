"""Causes between the key "websocket" and the entries: a router left out, or given no list."""

import ast
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.protocols import is_like_websocket
from coach.diagnoses.routes import websocket_routes
from coach.diagnoses.syntax import (
    hands_on,
    imported,
    is_lost,
    line_text,
    named_function,
    tree_of,
)
from coach.evidence import Evidence, Told
from coach.routing import below, core, protocol_router, routes_of, wrapped

NOT_CALLABLE = r"'(\w+)' object is not callable"


def _keys(evidence: Evidence) -> list[str] | None:
    """The keys of the protocol router, where it has refused a WebSocket for lack of one."""
    router = protocol_router(evidence.facts.get("application") or {})
    text = "No application configured for scope type 'websocket'"
    if router is None or "protocols" not in router or not evidence.raised("ValueError", text):
        return None
    return list(router["protocols"])


def _asgi_file(evidence: Evidence) -> str:
    place = evidence.facts.get("file") or {}
    return str(place["file"]) if place.get("work") else "gs2/asgi.py"


@diagnosis("import-of-routes-swallowed")
def import_of_routes_swallowed(evidence: Evidence) -> Because | None:
    if websocket_routes(evidence) != [] and _keys(evidence) is None:
        return None
    file = _asgi_file(evidence)
    for node in ast.walk(tree_of(evidence, file)):
        if not isinstance(node, ast.Try) or not node.handlers:
            continue
        for line in node.body:
            if any(is_lost(evidence, *one) for one in imported(line)):
                why = (
                    f"`{ast.unparse(line)}` raises, and `except` takes that for no routes at all; "
                    "let it raise, and the report names the cause"
                )
                return Because(why, in_file(file, node.handlers[0].lineno))
    return None


@diagnosis("routes-in-urls-py")
def routes_in_urls_py(evidence: Evidence) -> Because | None:
    """Entries for WebSockets stand among those for pages, where only HTTP comes past."""
    path = evidence.path.partition("?")[0].strip("/")
    module = str((evidence.facts.get("settings") or {}).get("ROOT_URLCONF", ""))
    file = module.replace(".", "/") + ".py"
    is_met_by_page = (
        evidence.kind == "http" and evidence.status == 500 and "'receive'" in evidence.output
    )
    is_list_empty = websocket_routes(evidence) == [] and evidence.path.startswith("/ws/")
    if not path or (_keys(evidence) is None and not is_met_by_page and not is_list_empty):
        return None
    for node in ast.walk(tree_of(evidence, file)):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Constant) and isinstance(value, str) and value.strip("/^$") == path:
            empty = _empty_list(evidence)
            if is_list_empty and empty:
                why = (
                    f"this list is empty; {file} has {value}, and that is for HTTP: an entry for "
                    "WebSockets belongs here"
                )
                return Because(why, empty)
            why = (
                f"{file} leads from paths to views, for HTTP alone, and the entry {value} in it "
                "leads to an ASGI application: entries for WebSockets are a list of their own"
            )
            return Because(why, in_file(file, node.lineno))
    return None


def _empty_list(evidence: Evidence) -> Told | None:
    """The line that binds an empty list to a name that the entry file imports, if it is one."""
    body = tree_of(evidence, _asgi_file(evidence)).body
    imports = [node for node in body if isinstance(node, ast.ImportFrom) and node.module]
    for module, name in ((one.module or "", alias.name) for one in imports for alias in one.names):
        file = module.replace(".", "/") + ".py"
        for node in tree_of(evidence, file).body:
            if isinstance(node, ast.Assign) and ast.unparse(node) == f"{name} = []":
                return in_file(file, node.lineno)
    return None


@diagnosis("websocket-key-misspelt")
def websocket_key_misspelt(evidence: Evidence) -> Because | None:
    for key in _keys(evidence) or ():
        if key != "websocket" and is_like_websocket(key):
            why = (
                f'the key "{key}" is never asked for: '
                'a server calls this kind of connection "websocket"'
            )
            return Because(why, line_with(evidence, _asgi_file(evidence), f'"{key}"', f"'{key}'"))
    return None


@diagnosis("websocket-key-missing")
def websocket_key_missing(evidence: Evidence) -> Because | None:
    keys = _keys(evidence)
    if keys is None:
        return None
    if "websocket" in keys:
        if core(_below_websocket(evidence)).get("kind") != "ProtocolTypeRouter":
            return None
        why = (
            'the value of "websocket" is another ProtocolTypeRouter, which tells protocols apart '
            "and no paths: a URLRouter belongs there"
        )
        return Because(why, _at_key(evidence))
    known = ", ".join(f'"{key}"' for key in keys) or "none"
    why = (
        'the protocol router has no key "websocket", so nothing takes a WebSocket; '
        f"its keys: {known}"
    )
    return Because(why, line_with(evidence, _asgi_file(evidence), "ProtocolTypeRouter("))


@diagnosis("page-comes-to-url-router")
def page_comes_to_url_router(evidence: Evidence) -> Because | None:
    if not evidence.raised("ValueError", "No route found for path") or not evidence.tape:
        return None
    if not any("http.request" in entry.text for entry in evidence.tape[-2:]):
        return None
    application = evidence.facts.get("application") or {}
    if routes_of(application) is not None:
        why = "application is the URLRouter alone: pages come to it too, past no protocol router"
    elif routes_of(below(application, "http") or {}) is not None:
        why = (
            'the key "http" leads to a URLRouter that has no entry for pages; Django belongs there'
        )
    else:
        return None
    return Because(why, line_with(evidence, _asgi_file(evidence), "URLRouter("))


@diagnosis("routes-not-in-a-router")
def routes_not_in_a_router(evidence: Evidence) -> Because | None:
    inner = _below_websocket(evidence)
    error = evidence.raised("TypeError", "object is not callable")
    found = re.match(NOT_CALLABLE, error["text"]) if error else None
    if evidence.kind != "raised" or not found or core(inner).get("kind") != found[1]:
        return None
    what = {
        "list": "the list of entries",
        "tuple": "the tuple of entries",
        "URLPattern": "an entry",
    }
    given = what.get(found[1], f"a {found[1]}")
    around = [one["kind"] for one in wrapped(inner)][:-1]
    inside = f" inside of {', '.join(around)}" if around else ""
    place = _at_key(evidence)
    is_list = found[1] in ("list", "tuple")
    if is_list and "URLRouter(" in line_text(evidence, place):
        given = f"a {found[1]}"
    is_it = given.endswith("of entries")
    move = "put URLRouter(…) around it" if is_it else "a URLRouter belongs there"
    why = f'the key "websocket" leads to {given} itself{inside}; nobody can call that: {move}'
    return Because(why, place)


@diagnosis("urlrouter-not-called")
def urlrouter_not_called(evidence: Evidence) -> Because | None:
    end = core(_below_websocket(evidence))
    if end.get("kind") == "class" and end.get("name") == "URLRouter" and evidence.kind == "raised":
        why = 'the key "websocket" leads to the class URLRouter: call it with the list of entries'
        return Because(why, _at_key(evidence))
    return None


@diagnosis("key-leads-to-no-application")
def key_leads_to_no_application(evidence: Evidence) -> Because | None:
    """A function stands below the key that does not take what a server calls it with."""
    end = _below_websocket(evidence)
    error = evidence.raised("TypeError", "but 3 were given")
    if evidence.kind != "raised" or end.get("kind") != "function" or not error:
        return None
    if not error["text"].startswith(f"{end['name']}() takes"):
        return None
    why = (
        f'the key "websocket" leads to {end["name"]} itself, which does not take '
        "scope, receive and send; if it makes an application, call it"
    )
    return Because(why, _at_key(evidence))


@diagnosis("no-url-router")
def no_url_router(evidence: Evidence) -> Because | None:
    """A client at an unknown path was let in by the one function below "websocket"."""
    mark = evidence.tape[-1].mark if evidence.tape else ""
    end = core(_below_websocket(evidence))
    sender = (evidence.place or {}).get("name")
    if not mark.startswith("expected ValueError: No route found") or end.get("kind") != "function":
        return None
    if not sender or end["name"] != sender or hands_on(evidence, sender):
        return None
    why = (
        f'the key "websocket" leads straight to {sender}, whatever the path: '
        "no URLRouter looks at it"
    )
    return Because(why, _at_key(evidence))


@diagnosis("refused-elsewhere")
def refused_elsewhere(evidence: Evidence) -> Because | None:
    """At an unknown path a line of the learner's closed, and the exception did not come through."""
    mark = evidence.tape[-1].mark if evidence.tape else ""
    if not mark.startswith("expected ValueError: No route found"):
        return None
    end = core(_below_websocket(evidence))
    if evidence.kind == "returned" and end.get("kind") == "function":
        why = "this function comes to its end, so no ValueError of the URLRouter reaches a server"
        name = str(end["name"])
        return Because(why, named_function(evidence, name)) if hands_on(evidence, name) else None
    if evidence.kind != "closed" or not evidence.place:
        return None
    return Because(
        "this line closes the connection, so no ValueError of the URLRouter reaches a server"
    )


@diagnosis("origin-refused")
def origin_refused(evidence: Evidence) -> Because | None:
    """Only OriginValidator closes before opening, from no line of the learner's."""
    is_closed = evidence.kind == "closed" and not evidence.place
    inner = wrapped(_below_websocket(evidence))
    origins = next((one["origins"] for one in inner if "origins" in one), None)
    if origins is None or not (is_closed or evidence.status == 403):
        return None
    if {"127.0.0.1", "*"} & set(origins):  # without a port: it lets in every one
        return None
    known = ", ".join(origins) or "nothing"
    why = (
        f"OriginValidator lets in pages of {known} alone, and the client comes from a page of "
        "this server, whose origin has the port in it: compare the two"
    )
    return Because(why, line_with(evidence, _asgi_file(evidence), "OriginValidator("))


def _below_websocket(evidence: Evidence) -> Told:
    return below(evidence.facts.get("application") or {}, "websocket") or {}


def _at_key(evidence: Evidence) -> Told:
    return line_with(evidence, _asgi_file(evidence), '"websocket"', "'websocket'", "websocket=")


# -- while the file is imported ------------------------------------------------------------------


@diagnosis("router-without-routes")
def router_without_routes(evidence: Evidence) -> Because | str | None:
    if evidence.raised("TypeError", "URLRouter.__init__() missing 1 required positional argument"):
        return "URLRouter() has been given nothing: it wants the list of entries"
    router = core(_below_websocket(evidence))
    is_empty = router.get("kind") == "URLRouter" and not router["routes"]
    if not is_empty or not evidence.raised("ValueError", "No route found for path"):
        return None
    kinds = {
        "str": "a text without a character",
        "list": "an empty list",
        "tuple": "an empty tuple",
    }
    given = kinds.get(router["given"], f"a {router['given']} that yields no entry (any more)")
    why = f"the URLRouter has been given {given}, so it knows no path at all"
    empty = _empty_list(evidence) if router["given"] == "list" else None
    return Because(why, empty or line_with(evidence, _asgi_file(evidence), "URLRouter("))
