"""Causes in what stands around an application: a wrapper that fails, a context not entered."""

import ast
import difflib
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.lines import line_in_list
from coach.diagnoses.syntax import Function, classes, function_at, line_text, tree_of
from coach.diagnoses.target import is_consumer, is_sync, last_event, routed
from coach.diagnoses.ways import (
    CONTEXT,
    context_uses,
    inner_calls,
    is_wrapped,
    last_line,
    methods_called,
    name_of,
    ways,
)
from coach.evidence import Evidence, Told
from coach.routing import below, core

ENTRY, SETTINGS = "gs2/asgi.py", "gs2/settings.py"
WRAPPERS = (
    "AllowedHostsOriginValidator", "OriginValidator", "AuthMiddlewareStack", "AuthMiddleware",
    "SessionMiddlewareStack", "SessionMiddleware", "CookieMiddleware",
)  # fmt: skip
CALLED = "which is what runs for each connection"
MADE = "which is given the application inside"
ONE_THREAD = "in the one thread that all thread-sensitive code of this process shares"

# -- the class ----------------------------------------------------------------------------------


@diagnosis("wrapper-without-method")
def wrapper_without_method(evidence: Evidence) -> Because | None:
    """`def _call_` or `def __int__`: the class has another method than Python looks for."""
    texts = {
        r"'(\w+)' object is not callable": ("__call__", CALLED),
        r"(\w+)\(\) takes no arguments": ("__init__", MADE),
    }
    for text, (method, what) in texts.items():
        for link in evidence.error:
            found = re.match(text, link["text"])
            place, node = _own_class(evidence, found[1]) if found else (None, None)
            mine = {one.name: one for one in node.body if isinstance(one, Function)} if node else {}
            if not place or not node or node.bases or method in mine:
                continue
            why = f"{node.name} has no method {method}, {what}"
            for near in difflib.get_close_matches(method, mine, 1, 0.6):
                return Because(f"{why}; here it is {near}", place | {"line": mine[near].lineno})
            return Because(why, place)
    return None


@diagnosis("asgi-middleware-in-settings")
def asgi_middleware_in_settings(evidence: Evidence) -> Because | None:
    """`"myapp.middleware.ThreadPerConnection"` in MIDDLEWARE, which Django calls with a request."""
    if evidence.kind != "http" or evidence.status != 500:
        return None
    for file in evidence.tree:
        for node in classes(evidence, file) if file.endswith(".py") else ():
            named = f"{file[:-3].replace('/', '.')}.{node.name}"
            line = line_in_list(evidence, SETTINGS, "MIDDLEWARE", named)
            calls = [one for _, one in methods_called(evidence, node.name)]
            if line and calls and len(calls[0].args.args) == 4:
                why = (
                    f"MIDDLEWARE is for what Django calls with a request; {node.name} is called "
                    "with scope, receive and send, and stands around the URLRouter in gs2/asgi.py"
                )
                return Because(why, in_file(SETTINGS, line))
    return None


def _own_class(evidence: Evidence, name: str) -> tuple[Told | None, ast.ClassDef | None]:
    """The place and the definition of a class of the learner's."""
    for file in evidence.tree:
        for node in classes(evidence, file, name) if file.endswith(".py") else ():
            return in_file(file, node.lineno), node
    return None, None


@diagnosis("wrapper-not-called")
def wrapper_not_called(evidence: Evidence) -> Because | None:
    """`"websocket": ThreadPerConnection`."""
    end = core(below(evidence.facts.get("application") or {}, "websocket") or {})
    name = str(end.get("name", ""))
    if end.get("kind") != "class" or evidence.kind != "raised" or is_consumer(end):
        return None
    if not _own_class(evidence, name)[0]:
        return None
    why = (
        f'the key "websocket" leads to the class {name} itself: call it with the application '
        f"inside, {name}(URLRouter(…))"
    )
    return Because(why, line_with(evidence, ENTRY, '"websocket"', "'websocket'"))


@diagnosis("wrapper-without-inner")
def wrapper_without_inner(evidence: Evidence) -> Because | str | None:
    """`AuthMiddlewareStack()`, or the bare name where a call belongs."""
    for link in evidence.error:
        found = re.match(
            r"(\w+)(?:\.__init__)?\(\) "
            r"(?:missing 1 required positional argument: '(\w+)'|takes 1 .* but 3 were given)",
            link["text"],
        )
        if not found or found[1] not in WRAPPERS or not last_line(evidence):
            continue
        if found[2] == "allowed_origins":
            return f"{found[1]} takes two things: what it stands around, and a list of origins"
        rule = f"it takes what it stands around, as in {found[1]}(URLRouter(…))"
        if found[2]:
            return f"{found[1]} is called with nothing: {rule}"
        why = f"{found[1]} stands in the way itself, and is not called: {rule}"
        return Because(why, line_with(evidence, ENTRY, f"({found[1]}", '"websocket"'))
    return None


@diagnosis("wrapper-signature")
def wrapper_signature(evidence: Evidence) -> Because | None:
    """The `__call__` of a class of the learner's does not take what it is given."""
    error = evidence.error[0] if evidence.kind == "raised" and evidence.error else {"text": ""}
    found = re.match(r"(\w+)\.__call__\(\) takes \d positional", error["text"])
    for place, function in methods_called(evidence, found[1]) if found else ():
        names = [one.arg for one in function.args.args]
        if names[:1] == ["scope"]:
            takes = ", ".join(names)
            why = f"it is called with self, scope, receive and send, and takes {takes}: no self"
            return Because(why, place)
        takes = ", ".join(names[1:]) or "nothing"
        return Because(f"it is called with scope, receive and send, and takes {takes}", place)
    return None


@diagnosis("inner-not-awaited")
def inner_not_awaited(evidence: Evidence) -> Because | None:
    """The connection is over, for a wrapper came to its end and had awaited nothing."""
    if evidence.kind != "returned" or last_event(evidence) == "websocket.disconnect":
        return None
    lost = any(told["coroutine"].endswith(".__call__") for told in evidence.unawaited)
    for name in [one["kind"] for way in ways(evidence) for one in way]:
        for place, function in methods_called(evidence, name):
            awaits = any(isinstance(node, ast.Await) for node in ast.walk(function))
            if lost or (isinstance(function, ast.AsyncFunctionDef) and not awaits):
                why = (
                    f"{name} comes to its end without having awaited the application inside, and "
                    "with it ends the connection"
                )
                called = inner_calls(function)
                line = called[0].lineno if len(called) == 1 else place["line"]
                return Because(why, place | {"line": line})
    for told in evidence.unawaited:
        if told["coroutine"].endswith(".__call__") and told["at"] and told["at"]["work"]:
            why = (
                "the application inside is called here and not awaited: the call only makes a "
                "coroutine, and nothing of it runs"
            )
            return Because(why, told["at"])
    return None


# -- the context --------------------------------------------------------------------------------


@diagnosis("context-not-async")
def context_not_async(evidence: Evidence) -> str | None:
    """`with ThreadSensitiveContext():`. Python 3.10 names only the method that is missing."""
    texts = (f"'{CONTEXT}' object does not support the context manager protocol", "__enter__")
    said = any(text in link["text"] for link in evidence.error for text in texts)
    if not said or CONTEXT not in line_text(evidence, last_line(evidence)):
        return None
    return f"{CONTEXT} is an asynchronous context manager: `async with` enters it, `with` cannot"


@diagnosis("context-not-made")
def context_not_made(evidence: Evidence) -> str | None:
    """`async with ThreadSensitiveContext:`."""
    texts = ("'type' object does not support the asynchronous context manager", "__aenter__")
    said = any(text in link["text"] for link in evidence.error for text in texts)
    is_class = re.search(rf"\b{CONTEXT}\b(?!\()", line_text(evidence, last_line(evidence)))
    if not said or not is_class:
        return None
    return f"{CONTEXT} is the class itself here: only {CONTEXT}() makes a context to enter"


@diagnosis("thread-context-shared")
def thread_context_shared(evidence: Evidence) -> Because | None:
    """The one context is made outside of what runs for each connection."""
    uses = context_uses(evidence)
    if not _waits_in_turn(evidence) or len(uses) != 1 or not is_wrapped(evidence):
        return None
    file, _, line = uses[0]
    around = function_at(evidence, in_file(file, line))
    if not _enters(tree_of(evidence, file)) or (around and around.name != "__init__"):
        return None
    why = (
        f"this {CONTEXT} is made once, and every connection enters the same one: it stands for "
        "one thread, so each connection has to make its own"
    )
    return Because(why, in_file(file, line))


@diagnosis("inner-outside-context")
def inner_outside_context(evidence: Evidence) -> Because | None:
    """The context is left before the application inside runs, or nothing enters it."""
    uses = context_uses(evidence)
    if not _waits_in_turn(evidence) or len(uses) != 1 or not is_wrapped(evidence):
        return None
    file, _, line = uses[0]
    around = function_at(evidence, in_file(file, line))
    called = inner_calls(around)
    entered = [node for node in ast.walk(around or ast.Pass()) if isinstance(node, ast.AsyncWith)]
    inside = {id(one) for node in entered for one in ast.walk(node)}
    if len(called) != 1 or id(called[0]) in inside or _enters_by_name(around or ast.Pass()):
        return None
    why = (
        "the application inside runs on this line, outside of any `async with`, so no "
        f"{CONTEXT} holds for it: the methods of {routed(evidence)['name']} run {ONE_THREAD}"
    )
    return Because(why, in_file(file, called[0].lineno))


@diagnosis("no-thread-context")
def no_thread_context(evidence: Evidence) -> Because | None:
    """Nothing on the way to a sync consumer makes a context."""
    if not _waits_in_turn(evidence) or is_wrapped(evidence) is not False:
        return None
    uses = context_uses(evidence)
    who = f"{uses[0][1]} is not" if uses else f"nothing that enters a {CONTEXT} is"
    why = (
        f"{who} on the way to {evidence.path}, so the methods of {routed(evidence)['name']} run "
        f"{ONE_THREAD}"
    )
    return Because(why, line_with(evidence, ENTRY, '"websocket"', "'websocket'"))


def _waits_in_turn(evidence: Evidence) -> bool:
    """Whether a sync consumer has been seen to wait for another connection's."""
    return evidence.kind in ("in-turn", "held-up") and is_sync(routed(evidence))


def _enters(tree: ast.AST) -> bool:
    """Whether some code enters any asynchronous context manager."""
    is_async_with = any(isinstance(node, ast.AsyncWith) for node in ast.walk(tree))
    return is_async_with or _enters_by_name(tree)


def _enters_by_name(tree: ast.AST) -> bool:
    return any("enter" in name_of(node) for node in ast.walk(tree))
