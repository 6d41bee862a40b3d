"""Causes in the ProtocolTypeRouter: that it is in front, and what is in its dict."""

import ast
import difflib
import re

from coach.diagnoses import lines
from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.syntax import call_dropped, tree_of
from coach.evidence import Evidence, Told, shown

ENTRY = "gs2/asgi.py"
ROUTER = "ProtocolTypeRouter"
PROTOCOLS = ("http", "websocket", "lifespan", "channel")
MADE_HERE = (f"= {ROUTER}", f"={ROUTER}", f"{ROUTER}(", ROUTER)


def application_of(evidence: Evidence) -> Told:
    return evidence.facts.get("application") or {}


def at_router(evidence: Evidence, *words: str) -> Told:
    """The line of gs2/asgi.py with one of these words, else the one that makes the router."""
    for choice in (*words, *MADE_HERE):
        place = line_with(evidence, ENTRY, choice)
        if place["line"]:
            return place
    return place


def is_like_websocket(key: str) -> bool:
    """Whether a key of the router is meant for WebSockets, rightly spelt or not."""
    plain = re.sub(r"[\W_]", "", key.lower())
    return plain in ("ws", "wss") or difflib.SequenceMatcher(None, plain, "websocket").ratio() > 0.7


def refused_by_django(evidence: Evidence) -> bool:
    return evidence.raised("ValueError", "Django can only handle ASGI/HTTP connections") is not None


@diagnosis("router-under-another-name")
def router_under_another_name(evidence: Evidence) -> Because | None:
    module, _, asked = evidence.entry.partition(":")
    others = [name for name in evidence.facts.get("routers") or () if name != asked]
    is_django = application_of(evidence).get("kind") == "ASGIHandler"
    if not refused_by_django(evidence) or not others or not is_django:
        return None
    why = f"the router is called {others[0]}, and a server asks for {asked}, which is still Django"
    named = line_with(evidence, "gs2/settings.py", f"{module}.{asked}")
    is_set = asked != "application" and named["line"]
    return Because(why, named if is_set else at_router(evidence, f"{others[0]} ="))


@diagnosis("django-for-websocket")
def django_for_websocket(evidence: Evidence) -> Because | None:
    if not refused_by_django(evidence) or "websocket" not in application_of(evidence).get(
        "protocols", ()
    ):
        return None
    why = 'the router hands a WebSocket to Django: the value of "websocket" is Django\'s callable'
    return Because(why, at_router(evidence, '"websocket"', "'websocket'"))


@diagnosis("router-missing")
def router_missing(evidence: Evidence) -> Because | None:
    if not refused_by_django(evidence) or application_of(evidence).get("kind") != "ASGIHandler":
        return None
    last = lines.assigned(evidence, ENTRY).get("application", 0)
    if dropped := call_dropped(evidence, ENTRY, ROUTER):
        why = (
            f"line {dropped} makes a {ROUTER} and does not keep it, so application is still "
            "Django's own callable"
        )
        return Because(why, in_file(ENTRY, dropped))
    before = [node.lineno for node in _routers(evidence) if node.lineno < last]
    if before:
        why = (
            f"this line gives the name application back to Django's callable, and the router of "
            f"line {before[-1]} is lost by it"
        )
        return Because(why, in_file(ENTRY, last))
    why = f"application is Django's own callable, and no {ROUTER} is in front of it"
    return Because(why, in_file(ENTRY, last))


def _routers(evidence: Evidence) -> list[ast.Assign]:
    """The lines `application = ProtocolTypeRouter(…)` at the top level of the entry file."""
    return [
        node
        for node in tree_of(evidence, ENTRY).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] == ROUTER
        and "application" in map(ast.unparse, node.targets)
    ]


@diagnosis("router-replaced")
def router_replaced(evidence: Evidence) -> Because | None:
    """Two routers of one name: the key that is missing stands in the dict of the first."""
    known, routers = application_of(evidence).get("protocols"), _routers(evidence)
    for key in ("http", "websocket"):
        refused = evidence.raised("ValueError", f"No application configured for scope type '{key}'")
        if known is None or key in known or not refused or len(routers) < 2:
            continue
        earlier = [one for router in routers[:-1] for one in ast.walk(router)]
        if any(isinstance(one, ast.Constant) and one.value == key for one in earlier):
            why = (
                f"this router takes the place of the one in line {routers[-2].lineno}, and its "
                f'dict has no key "{key}": one dict holds both keys'
            )
            return Because(why, in_file(ENTRY, routers[-1].lineno))
    return None


@diagnosis("websocket-too-early")
def websocket_too_early(evidence: Evidence) -> Because | None:
    if evidence.kind != "too-early":
        return None
    why = (
        'the router has a key "websocket" already; this lesson ends before it, and lesson 3 adds it'
    )
    return Because(why, at_router(evidence, '"websocket"', "'websocket'"))


@diagnosis("router-mapping-not-a-dict")
def router_mapping_not_a_dict(evidence: Evidence) -> Because | None:
    told = application_of(evidence)
    if told.get("kind") != ROUTER or "protocols" in told or not evidence.error:
        return None
    why = f"what {ROUTER} got is of type {told['mapping']}; it takes a dict, protocol to callable"
    return Because(why, at_router(evidence))


@diagnosis("router-without-mapping")
def router_without_mapping(evidence: Evidence) -> str | None:
    if evidence.raised("TypeError", f"{ROUTER}.__init__() missing 1 required positional argument"):
        return f"{ROUTER} needs one argument, a dict from a protocol to a callable"
    return None


@diagnosis("router-keyword-arguments")
def router_keyword_arguments(evidence: Evidence) -> str | None:
    if evidence.raised("TypeError", f"{ROUTER}.__init__() got an unexpected keyword argument"):
        return f"{ROUTER} takes one dict, in braces, and no keyword for each protocol"
    return None


def lacks_http(evidence: Evidence) -> bool:
    has_dict = "protocols" in application_of(evidence)
    return (
        has_dict
        and evidence.raised("ValueError", "No application configured for scope type 'http'")
        is not None
    )


@diagnosis("router-key-misspelt")
def router_key_misspelt(evidence: Evidence) -> Because | None:
    keys = [
        key
        for key in application_of(evidence).get("protocols", ())
        if key not in PROTOCOLS and not is_like_websocket(key)
    ]
    if not lacks_http(evidence) or not keys:
        return None
    why = f'the router has the key {shown(keys[0])}; for pages, over https as well, it is "http"'
    return Because(why, at_router(evidence, f'"{keys[0]}"', f"'{keys[0]}'"))


@diagnosis("router-without-http")
def router_without_http(evidence: Evidence) -> Because | None:
    if not lacks_http(evidence):
        return None
    why = 'the router\'s dict has no key "http", and Django is not added by itself'
    return Because(why, at_router(evidence))


@diagnosis("router-value-not-called")
def router_value_not_called(evidence: Evidence) -> Because | None:
    told = application_of(evidence)
    made = [inner.get("name") for inner in told.get("inner", ())]
    is_raised = evidence.raised("TypeError", "get_asgi_application() takes 0 positional")
    if told.get("kind") != ROUTER or not is_raised or "get_asgi_application" not in made:
        return None
    why = (
        'the value of "http" is the function get_asgi_application; '
        "the callable is what a call of it returns"
    )
    return Because(why, at_router(evidence, '"http"', "'http'"))


@diagnosis("router-value-called")
def router_value_called(evidence: Evidence) -> str | None:
    for kind, name in (
        ("ASGIHandler", "Django"),
        (ROUTER, "the router"),
        ("URLRouter", "the URLRouter"),
    ):
        if evidence.raised("TypeError", f"{kind}.__call__() missing 3 required positional arg"):
            return (
                f"with () this line calls {name} already; "
                "the callable itself belongs here, and is called for each connection"
            )
    return None


@diagnosis("router-value-not-callable")
def router_value_not_callable(evidence: Evidence) -> Because | None:
    told = application_of(evidence)
    kinds = dict(zip(told.get("protocols", ()), told.get("inner", ()), strict=False))
    kind = kinds.get("http", {}).get("kind", "")
    is_asked = any("http.request" in entry.text for entry in evidence.tape[-2:])
    if (
        not kind
        or not is_asked
        or not evidence.raised("TypeError", f"'{kind}' object is not callable")
    ):
        return None
    named = "None" if kind == "NoneType" else f"of type {kind}"
    why = f'the value of "http" is {named}; it has to be the callable that answers pages'
    return Because(why, at_router(evidence, '"http"', "'http'"))
