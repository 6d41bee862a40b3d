"""Causes at the door of a site: where a page comes from, who its visitor is, where a log-in leads.

The check says at which of its questions a step failed: `stage` is "origin", "anonymous", "door",
"nowhere" or "flood".
"""

import ast
import re
from collections.abc import Iterator

from coach.diagnoses.catalogue import Because, diagnosis, line_with
from coach.diagnoses.syntax import function_at, line_text, tree_of
from coach.diagnoses.target import handler, routed
from coach.diagnoses.ways import CONTEXT, context_uses, last_line, methods_called, ways
from coach.evidence import Evidence, Told, shown

ENTRY, SETTINGS, URLS = "gs2/asgi.py", "gs2/settings.py", "gs2/urls.py"
TELLS = ("is_authenticated", "is_anonymous", "AnonymousUser", "pk", "id", "username")
GUARDS = "myapp/guards.py"  # handed out, and enters no context
LOG_IN = "/accounts/login/"
DEFAULT_REDIRECT = "/accounts/profile/"


def way_to(evidence: Evidence) -> list[Told]:
    """What a client of the path passes, from the outermost on, and what it comes to."""
    target = routed(evidence)
    found = [way for way in ways(evidence) if target and way[-1] == target]
    return found[0] if found else []


def at_websocket(evidence: Evidence, word: str = "") -> Told:
    """The line of the entry file that has this word, or else the key "websocket"."""
    found = line_with(evidence, ENTRY, word) if word else None
    if found and found["line"]:
        return found
    return line_with(evidence, ENTRY, '"websocket"', "'websocket'", "websocket=")


# -- where a page comes from ----------------------------------------------------------------------


@diagnosis("origin-not-asked")
def origin_not_asked(evidence: Evidence) -> Because | None:
    way = way_to(evidence)
    if evidence.stage != "origin" or not way or _origins(way) is not None:
        return None
    if any("origin" in ast.unparse(one).lower() for one in own_code(evidence, way)):
        return None  # they ask in a way of their own
    why = (
        f"nothing on the way to {evidence.path} asks where the page comes from, so a page of any "
        "site can open this socket in the browser of whoever looks at it"
    )
    return Because(why, at_websocket(evidence))


@diagnosis("origin-of-any-host")
def origin_of_any_host(evidence: Evidence) -> Because | None:
    settings = evidence.facts.get("settings") or {}
    if evidence.stage != "origin" or "*" not in (_origins(way_to(evidence)) or []):
        return None
    if "*" not in settings.get("ALLOWED_HOSTS", []):
        why = 'this OriginValidator is given "*", and that lets in every page of every site'
        return Because(why, at_websocket(evidence, "OriginValidator("))
    why = 'OriginValidator lets in pages of the hosts in ALLOWED_HOSTS, and "*" is every host'
    return Because(why, line_with(evidence, SETTINGS, "ALLOWED_HOSTS"))


@diagnosis("origin-of-no-allowed-host")
def origin_of_no_allowed_host(evidence: Evidence) -> Because | None:
    """A page of this server, whose host ALLOWED_HOSTS does not name."""
    hosts = (evidence.facts.get("settings") or {}).get("ALLOWED_HOSTS")
    is_closed = evidence.kind == "closed" and not evidence.place and not evidence.stage
    if not is_closed or not hosts or _origins(way_to(evidence)) != hosts:
        return None
    if {"127.0.0.1", "*"} & set(hosts):
        return None
    why = (
        f"ALLOWED_HOSTS has {', '.join(map(shown, hosts))}, and this page comes from 127.0.0.1: "
        "the validator lets in pages of those hosts alone; a host has no scheme and no port"
    )
    return Because(why, line_with(evidence, SETTINGS, "ALLOWED_HOSTS"))


def own_code(evidence: Evidence, way: list[Told]) -> Iterator[ast.stmt]:
    """The classes and functions of the learner's that a client passes."""
    names = {one["kind"] for one in way} | {str(one.get("name")).split(".")[0] for one in way}
    for file in evidence.tree:
        for node in tree_of(evidence, file).body if file.endswith(".py") else ():
            if getattr(node, "name", None) in names:
                yield node


def _origins(way: list[Told]) -> list[str] | None:
    """The origins that are let in; None where nothing of Channels asks for them."""
    return next((one["origins"] for one in way if "origins" in one), None)


# -- who the visitor is ---------------------------------------------------------------------------


@diagnosis("user-not-in-scope")
def user_not_in_scope(evidence: Evidence) -> Because | None:
    way = [one["kind"] for one in way_to(evidence)]
    is_asked = re.search(r"scope\[[\"']user[\"']\]", line_text(evidence, last_line(evidence)))
    if not evidence.raised("KeyError", "'user'") or not is_asked or "AuthMiddleware" in way:
        return None
    why = (
        "the scope has no user: that is put there by AuthMiddleware, one of the three in "
        f"AuthMiddlewareStack, and it is not on the way to {evidence.path}"
    )
    return Because(why, at_websocket(evidence))


@diagnosis("session-not-in-scope")
def session_not_in_scope(evidence: Evidence) -> Because | None:
    if evidence.raised("ValueError", "SessionMiddleware needs to run inside of CookieMiddleware"):
        why = (
            "SessionMiddleware looks for the session in a cookie, and nothing around it has read "
            "the cookies: AuthMiddlewareStack is what puts all three around each other"
        )
        return Because(why, at_websocket(evidence, "SessionMiddleware("))
    if not evidence.raised("ValueError", "AuthMiddleware cannot find session in scope"):
        return None
    why = (
        "AuthMiddleware looks for the user in a session, and nothing around it has found the "
        "session: AuthMiddlewareStack is what puts all three around each other, cookies, session, "
        "user"
    )
    return Because(why, at_websocket(evidence, "AuthMiddleware("))


@diagnosis("scope-is-a-dict")
def scope_is_a_dict(evidence: Evidence) -> str | None:
    error = evidence.raised("AttributeError", "'dict' object has no attribute ")
    found = re.search(r"attribute '(\w+)'", error["text"]) if error else None
    text = line_text(evidence, last_line(evidence))
    if not found or not re.search(rf"\bscope\.{found[1]}\b", text):
        return None
    return f'the scope is a dict: what it holds is taken in brackets, as in scope["{found[1]}"]'


@diagnosis("is-authenticated-called")
def is_authenticated_called(evidence: Evidence) -> str | None:
    text = line_text(evidence, last_line(evidence))
    found = re.search(r"\b(is_authenticated|is_anonymous)\(\)", text)
    if not found or not evidence.raised("TypeError", "'bool' object is not callable"):
        return None
    return f"{found[1]} is True or False already and no method: the parentheses call that"


@diagnosis("anonymous-counts-as-true")
def anonymous_counts_as_true(evidence: Evidence) -> Because | None:
    """`if not self.user`, and no other question about the user."""
    _, mine = handler(evidence)
    function = function_at(evidence, mine["at"]) if mine else None
    if evidence.stage != "anonymous" or function is None or mine is None:
        return None
    asked = [
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        if re.search(r"\buser(\"\]|'\]|'\)|\"\))?$", ast.unparse(node.operand))
    ]
    names = {getattr(one, "attr", getattr(one, "id", "")) for one in ast.walk(function)}
    if len(asked) != 1 or names & set(TELLS):
        return None
    why = (
        "whoever has not logged in is an AnonymousUser, and that is an object like any other, "
        "which counts as true: is_authenticated tells"
    )
    return Because(why, mine["at"] | {"line": asked[0]})


@diagnosis("goes-on-after-close")
def goes_on_after_close(evidence: Evidence) -> str | None:
    """`self.close()` without `return`."""
    who = evidence.tape[-1].who if evidence.tape else ""
    before = [one for one in evidence.tape[:-1] if one.who == who]
    began = [number for number, one in enumerate(before) if one.text == "websocket.connect"]
    is_closed = any(
        one.direction == "←" and one.text.startswith("websocket.close")
        for one in before[began[-1] if began else 0 :]
    )
    place = evidence.place
    if evidence.kind not in ("wrong", "illegal") or not is_closed or not place:
        return None
    # This one runs after each end, whatever another method returns from.
    if place["name"].rpartition(".")[2] in ("disconnect", "websocket_disconnect"):
        return None
    return (
        "this line runs although the connection has been closed before it: close() does not end "
        "the method, and only `return` keeps a visitor who is refused from what follows"
    )


# -- which thread finds out -----------------------------------------------------------------------


@diagnosis("door-in-one-thread")
def door_in_one_thread(evidence: Evidence) -> Because | None:
    """What finds the session stands outside of the ThreadSensitiveContext, or there is none."""
    kinds = [one["kind"] for one in way_to(evidence)]
    if evidence.stage != "door" or "SessionMiddleware" not in kinds:
        return None
    owners = {owner for _, owner, _ in context_uses(evidence)}
    is_unknown = "" in owners or any(
        place["file"] != GUARDS
        for kind in kinds
        if kind not in owners
        for place, _ in methods_called(evidence, kind)
    )
    inside = [kind for kind in kinds[kinds.index("SessionMiddleware") :] if kind in owners]
    outside = [kind for kind in kinds[: kinds.index("SessionMiddleware")] if kind in owners]
    if outside or (is_unknown and not inside):
        return None
    stack = "AuthMiddlewareStack"
    how = f"nothing puts {stack} into a {CONTEXT}, as ThreadPerConnection would"
    if inside:
        how = f"{stack} stands outside of {inside[0]}"
    why = (
        f"{how}, so its queries run in the one thread that all thread-sensitive code of this "
        "process shares: one that takes long holds up everybody who comes in"
    )
    return Because(why, at_websocket(evidence, "AuthMiddlewareStack("))


# -- where a path leads ---------------------------------------------------------------------------


@diagnosis("accounts-not-included")
def accounts_not_included(evidence: Evidence) -> Because | None:
    """No entry of the learner's takes what begins with accounts/."""
    if evidence.kind != "http" or evidence.status != 404 or evidence.path != LOG_IN:
        return None
    if any(
        isinstance(node, ast.Constant) and re.match(r"\^?accounts/", str(node.value))
        for file in evidence.tree
        if file.endswith(".py")
        for node in ast.walk(tree_of(evidence, file))
    ):
        return None
    words = ("myapp.accounts", '"account', "'account")
    place = line_with(evidence, URLS, *words)
    why = f"nothing in {URLS} leads to accounts/login/"
    return Because(why, place if place["line"] else line_with(evidence, URLS, "urlpatterns"))


@diagnosis("log-in-leads-nowhere")
def log_in_leads_nowhere(evidence: Evidence) -> Because | None:
    if evidence.kind != "http" or evidence.status != 404 or evidence.path != DEFAULT_REDIRECT:
        return None
    why = (
        f"Django leads to {DEFAULT_REDIRECT} after a log-in, where this site has no page; "
        "LOGIN_REDIRECT_URL names another"
    )
    return Because(why, line_with(evidence, SETTINGS, "LOGIN_REDIRECT_URL"))
