"""Causes between a visitor and the consumer: where the scope has the user, and who looks it up."""

import ast
import re

from coach.diagnoses.catalogue import Because, diagnosis
from coach.diagnoses.door import GUARDS, at_websocket, own_code, way_to
from coach.diagnoses.syntax import class_place, function_at, functions, tree_of
from coach.diagnoses.target import last_event, routed
from coach.diagnoses.ways import last_line
from coach.evidence import Evidence

IN_SCOPE = ("user", "session", "cookies", "url_route", "path", "headers", "query_string", "client")
FINDS = re.compile("session|cookie|get_user", re.IGNORECASE)
TELLS = ("is_authenticated", "is_anonymous", "AnonymousUser")
# Whatever is asked of a user, apart from the name.
ASKS = re.compile(
    r"user['\"\])]*\.(?!get_username\b)\w|\b(if|not) [\w.\[\]'\"]*user\b|AnonymousUser"
)


@diagnosis("scope-asked-of-self")
def scope_asked_of_self(evidence: Evidence) -> str | None:
    """`self.user`, which no line has set, or `self.request.user`."""
    name = routed(evidence).get("name")
    for link in evidence.error:
        found = re.match(rf"'{name}' object has no attribute '(\w+)'", link["text"])
        place = last_line(evidence)
        if not found or not place or found[1] not in (*IN_SCOPE, "request"):
            continue
        tree = tree_of(evidence, place["file"])
        if any(f"self.{found[1]} =" in ast.unparse(one) for one in functions(tree)):
            return None
        if found[1] == "request":
            return (
                "a consumer has no request; what is known of a connection is in its scope, a dict: "
                'its user is self.scope["user"]'
            )
        return (
            f"a consumer has no self.{found[1]} by itself: it is in the scope, "
            f'self.scope["{found[1]}"]'
        )
    return None


@diagnosis("log-in-not-asked")
def log_in_not_asked(evidence: Evidence) -> Because | None:
    """Whoever comes is let in: no line asks about the user."""
    own = [*wrappers(evidence), tree_of(evidence, routed(evidence).get("file", ""))]
    is_asked = any(ASKS.search(ast.unparse(one)) for one in own)
    if evidence.stage != "anonymous" or evidence.kind != "wrong" or is_asked:
        return None
    why = "no line asks the visitor's user whether they have logged in: is_authenticated tells"
    return Because(why, class_place(evidence, routed(evidence)))


def wrappers(evidence: Evidence) -> list[ast.stmt]:
    """The classes and functions around the consumer that the learner has written."""
    handed_out = {getattr(one, "name", "") for one in tree_of(evidence, GUARDS).body}
    way = [one for one in way_to(evidence)[:-1] if one["kind"] not in handed_out]
    return list(own_code(evidence, way))


@diagnosis("session-not-looked-up")
def session_not_looked_up(evidence: Evidence) -> Because | None:
    """Somebody who has logged in is turned away, as nothing on their way reads the session."""
    kinds = [one["kind"] for one in way_to(evidence)]
    is_first = last_event(evidence) == "websocket.connect"
    if evidence.kind != "closed" or not evidence.place or not is_first or "AuthMiddleware" in kinds:
        return None
    mine = function_at(evidence, evidence.place) or ast.Pass()
    if not kinds or any(FINDS.search(ast.unparse(one)) for one in (mine, *wrappers(evidence))):
        return None
    source = ast.unparse(tree_of(evidence, evidence.place["file"]))
    if not any(word in source for word in TELLS):
        return None
    why = (
        "the visitor comes with the cookie of a session, and nothing on the way to "
        f"{evidence.path} looks up whose it is: AuthMiddleware does, in AuthMiddlewareStack"
    )
    return Because(why, at_websocket(evidence))
