"""What stands around an application on a client's way to it, by the evidence and the source."""

import ast
from collections.abc import Iterator

from coach.diagnoses.catalogue import in_file
from coach.diagnoses.syntax import Function, classes, tree_of
from coach.diagnoses.target import routed
from coach.evidence import Evidence, Told

SHARED = "myapp/shared.py"  # handed out, and says ThreadSensitiveContext only to explain itself
CONTEXT = "ThreadSensitiveContext"


def name_of(node: ast.AST) -> str:
    """The last word of what is called, or of a name."""
    named = node.func if isinstance(node, ast.Call) else node
    return str(getattr(named, "attr", None) or getattr(named, "id", ""))


def last_line(evidence: Evidence) -> Told | None:
    """The learner's line from which an exception came, or None."""
    frames = [frame for link in evidence.error for frame in link["frames"] if frame["work"]]
    return frames[-1] if frames else None


def ways(evidence: Evidence) -> list[list[Told]]:
    """For each application that a WebSocket can come to: what it passes on its way, and that."""

    def onwards(application: Told, before: list[Told]) -> Iterator[list[Told]]:
        way = [*before, application]
        inner = application.get("inner", [])
        if "protocols" in application:
            pairs = zip(application["protocols"], inner, strict=True)
            inner = [one for protocol, one in pairs if protocol == "websocket"]
        inner = [*inner, *(route["to"] for route in application.get("routes", ()))]
        if not inner:
            yield way
        for one in inner:
            yield from onwards(one, way)

    return list(onwards(evidence.facts.get("application") or {}, []))


def methods_called(evidence: Evidence, name: str) -> Iterator[tuple[Told, Function]]:
    """The `__call__` of a class of the learner's, with its place."""
    for file in evidence.tree:
        for node in classes(evidence, file, name) if file.endswith(".py") else ():
            for function in node.body:
                if isinstance(function, Function) and function.name == "__call__":
                    yield in_file(file, function.lineno, f"{name}.__call__"), function


def inner_calls(function: Function | None) -> list[ast.Call]:
    """The calls in a function that are given its own last three parameters, as a call of the
    application inside is."""
    names = [one.arg for one in function.args.args][-3:] if function else []
    return [
        node
        for node in (ast.walk(function) if function and len(names) == 3 else ())
        if isinstance(node, ast.Call) and [getattr(one, "id", "") for one in node.args] == names
    ]


def context_uses(evidence: Evidence) -> list[tuple[str, str, int]]:
    """Where ThreadSensitiveContext is used: file, top-level class or function, line."""
    return [
        (file, str(getattr(top, "name", "")), node.lineno)
        for file in evidence.tree
        if file.endswith(".py") and file != SHARED
        for top in tree_of(evidence, file).body
        for node in ast.walk(top)
        if isinstance(node, ast.Call) and name_of(node) == CONTEXT
    ]


def is_wrapped(evidence: Evidence) -> bool | None:
    """Whether something that makes a context is on the way to the path; None: not to be seen."""
    owners = {owner for _, owner, _ in context_uses(evidence)}
    target = routed(evidence)
    found = [way for way in ways(evidence) if way[-1] == target]
    if not owners:
        return False
    if not found or "__call__" in target.get("methods", {}):
        return None
    names = {one["kind"] for one in found[0]}
    if names & owners or "" in owners:
        return True
    is_known = not any(list(methods_called(evidence, name)) for name in names)
    return False if is_known else None
