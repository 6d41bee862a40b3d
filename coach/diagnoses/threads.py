"""Causes in what runs on which thread: a loop held up, a thread shared, a wrapper that fails."""

import ast
import re
from collections.abc import Iterator

from coach.course import LESSONS
from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.syntax import Function, classes, function_at, functions, line_text, tree_of
from coach.diagnoses.target import is_consumer, is_sync, last_event, routed
from coach.evidence import Evidence, Told

REPORTS = "myapp/reports.py"
GIVEN = LESSONS / "07-threads" / "handout" / REPORTS
SHARED = "myapp/shared.py"  # handed out, and says ThreadSensitiveContext only to explain itself
CONTEXT = "ThreadSensitiveContext"
TO_ASYNC = ("sync_to_async", "database_sync_to_async")
WRAPPERS = ("to_thread", "run_in_executor", *TO_ASYNC)


def _last_line(evidence: Evidence) -> Told | None:
    """The learner's line from which an exception came, or None."""
    frames = [frame for link in evidence.error for frame in link["frames"] if frame["work"]]
    return frames[-1] if frames else None


def _name(node: ast.AST) -> str:
    """The last word of what is called, or of a name."""
    named = node.func if isinstance(node, ast.Call) else node
    return str(getattr(named, "attr", None) or getattr(named, "id", ""))


# -- the report ---------------------------------------------------------------------------------


@diagnosis("reports-changed")
def reports_changed(evidence: Evidence) -> str | None:
    """The learner's code leans on a reports.py of their own, and the lesson's is what ran."""
    mine, given = tree_of(evidence, REPORTS), ast.parse(GIVEN.read_bytes())
    if not mine.body or ast.dump(mine) == ast.dump(given):
        return None
    error = evidence.raised("ImportError", "from 'myapp.reports'")
    found = re.search(r"name '(\w+)'", error["text"]) if error else None
    text = line_text(evidence, _last_line(evidence) or evidence.place)
    if found and found[1] in {one.name for one in functions(mine)}:
        what = f"it has no {found[1]}"
    elif evidence.raised("TypeError", "await") and "await slow_report(" in text:
        what = "slow_report is a plain function there, and gives back no coroutine to await"
    elif evidence.kind == "stands-still" and "slow_report(" in text:
        what = "slow_report(…) takes its time there, and holds the event loop's thread"
    else:
        return None
    return (
        f"{REPORTS} stands for a library that you cannot change, so what runs is the file as it "
        f"was handed out, not yours: {what}"
    )


@diagnosis("event-loop-blocked")
def event_loop_blocked(evidence: Evidence) -> str | None:
    if evidence.kind != "stands-still" or not evidence.place:
        return None
    call = _blocking(evidence, evidence.place)
    if not call:
        return "this line ran on the event loop's own thread, which only an `await` gives back"
    return (
        f"{call}(…) runs here on the event loop's own thread, and gives it back only at its end: "
        "meanwhile no coroutine of this process can go on"
    )


def _blocking(evidence: Evidence, place: Told) -> str:
    """What a line calls, where only one call can be what blocks."""
    for node in ast.walk(tree_of(evidence, place["file"])):
        if not isinstance(node, ast.Expr | ast.Assign | ast.Return) or node.lineno != place["line"]:
            continue
        found = [one for one in ast.walk(node) if isinstance(one, ast.Call) and _name(one) != "get"]
        if len(found) == 1 and not any(isinstance(one, ast.Await) for one in ast.walk(node)):
            return ast.unparse(found[0].func)
    return ""


@diagnosis("called-before-handed-over")
def called_before_handed_over(evidence: Evidence) -> str | None:
    """`to_thread(slow_report(…))`: it has run by the time that a thread could run it."""
    texts = ("object is not callable", "sync_to_async can only be applied to sync functions")
    if any(evidence.raised("TypeError", text) for text in texts):
        for call in _calls_on(evidence, _last_line(evidence)):
            first = call.args[1:2] if _name(call) == "run_in_executor" else call.args[:1]
            inner = [one for one in first if isinstance(one, ast.Call) and _name(one) != "partial"]
            if _name(call) in WRAPPERS and inner:
                given = ast.unparse(inner[0].func)
                return (
                    f"{given}(…) is called on this line, on the event loop's thread, and "
                    f"{_name(call)} is given its result: hand over {given} itself, without ()"
                )
    return None


@diagnosis("wrapped-not-called")
def wrapped_not_called(evidence: Evidence) -> str | None:
    """`await sync_to_async(slow_report)`."""
    made = [_name(call) for call in _calls_on(evidence, _last_line(evidence))]
    name = next((name for name in made if name in TO_ASYNC), None)
    texts = ("object SyncToAsync can't be", "'SyncToAsync' object can't be")
    if name is None or not any(evidence.raised("TypeError", text) for text in texts):
        return None
    return (
        f"{name}(…) makes a function, and this line awaits that function without calling it: "
        "the arguments belong in a second pair of parentheses, after the first"
    )


@diagnosis("option-among-arguments")
def option_among_arguments(evidence: Evidence) -> str | None:
    """`sync_to_async(slow_report)(text, thread_sensitive=False)`."""
    error = evidence.raised("TypeError", "got an unexpected keyword argument 'thread_sensitive'")
    if error is None or not _last_line(evidence):
        return None
    name = error["text"].partition("(")[0]
    return (
        f"{name} is given thread_sensitive here, which is an option of sync_to_async: write "
        f"sync_to_async({name}, thread_sensitive=False), then the arguments in their own ()"
    )


def _calls_on(evidence: Evidence, place: Told | None) -> Iterator[ast.Call]:
    """The calls that stand on a line, or reach over it."""
    if place is None:
        return
    for node in ast.walk(tree_of(evidence, place["file"])):
        is_call = isinstance(node, ast.Call)
        if is_call and node.lineno <= place["line"] <= (node.end_lineno or 0):  # type: ignore[attr-defined]
            yield node  # type: ignore[misc]


@diagnosis("thread-sensitive-call")
def thread_sensitive_call(evidence: Evidence) -> Because | None:
    """Reports in turn: each is made in the thread of all thread-sensitive calls."""
    target = routed(evidence)
    is_report = evidence.kind == "in-turn" and evidence.path == "/ws/report/"
    if not is_report or not is_consumer(target) or _is_wrapped(evidence) is not False:
        return None
    shared = "in the one thread that all thread-sensitive code of this process shares"
    if is_sync(target):
        line = classes(evidence, target["file"], target["name"])[-1].lineno
        why = f"{target['name']} is a SyncConsumer, whose methods run {shared}"
        return Because(why, in_file(target["file"], line, target["name"]))
    for node in ast.walk(tree_of(evidence, target["file"])):
        is_call = isinstance(node, ast.Call) and _name(node) in TO_ASYNC
        if is_call and not any(one.arg == "thread_sensitive" for one in node.keywords):  # type: ignore[attr-defined]
            why = f"{_name(node)} runs this {shared}, unless it is told thread_sensitive=False"
            return Because(why, in_file(target["file"], node.lineno))  # type: ignore[attr-defined]
    return None


# -- the context --------------------------------------------------------------------------------


@diagnosis("context-not-async")
def context_not_async(evidence: Evidence) -> str | None:
    """`with ThreadSensitiveContext():`. Python 3.10 names only the method that is missing."""
    texts = (f"'{CONTEXT}' object does not support the context manager protocol", "__enter__")
    said = any(text in link["text"] for link in evidence.error for text in texts)
    if not said or CONTEXT not in line_text(evidence, _last_line(evidence)):
        return None
    return f"{CONTEXT} is an asynchronous context manager: `async with` enters it, `with` cannot"


@diagnosis("wrapper-signature")
def wrapper_signature(evidence: Evidence) -> Because | None:
    """The `__call__` of a class of the learner's does not take what it is given."""
    error = evidence.error[0] if evidence.kind == "raised" and evidence.error else {"text": ""}
    found = re.match(r"(\w+)\.__call__\(\) takes \d positional", error["text"])
    for place, function in _methods_called(evidence, found[1]) if found else ():
        takes = ", ".join(one.arg for one in function.args.args[1:]) or "nothing"
        why = f"it is called with scope, receive and send, and takes {takes}"
        return Because(why, place)
    return None


@diagnosis("inner-not-awaited")
def inner_not_awaited(evidence: Evidence) -> Because | None:
    """The connection is over, for a wrapper came to its end and had awaited nothing."""
    if evidence.kind != "returned" or last_event(evidence) == "websocket.disconnect":
        return None
    lost = any(told["coroutine"].endswith(".__call__") for told in evidence.unawaited)
    for name in [one["kind"] for way in _ways(evidence) for one in way]:
        for place, function in _methods_called(evidence, name):
            awaits = any(isinstance(node, ast.Await) for node in ast.walk(function))
            if lost or (isinstance(function, ast.AsyncFunctionDef) and not awaits):
                why = (
                    f"{name} comes to its end without having awaited the application inside, and "
                    "with it ends the connection"
                )
                return Because(why, place)
    return None


def _methods_called(evidence: Evidence, name: str) -> Iterator[tuple[Told, Function]]:
    """The `__call__` of a class of the learner's, with its place."""
    for file in evidence.tree:
        for node in classes(evidence, file, name) if file.endswith(".py") else ():
            for function in node.body:
                if isinstance(function, Function) and function.name == "__call__":
                    yield in_file(file, function.lineno, f"{name}.__call__"), function


@diagnosis("thread-context-shared")
def thread_context_shared(evidence: Evidence) -> Because | None:
    """The one context is made outside of what runs for each connection."""
    uses = _uses(evidence)
    if not _waits_in_turn(evidence) or len(uses) != 1 or not _is_wrapped(evidence):
        return None
    file, _, line = uses[0]
    around = function_at(evidence, in_file(file, line))
    if not _enters(evidence, file) or (around is not None and around.name != "__init__"):
        return None
    why = (
        f"this {CONTEXT} is made once, and every connection enters the same one: it stands for "
        "one thread, so each connection has to make its own"
    )
    return Because(why, in_file(file, line))


@diagnosis("no-thread-context")
def no_thread_context(evidence: Evidence) -> Because | None:
    """Nothing on the way to a sync consumer enters a context."""
    uses, is_wrapped = _uses(evidence), _is_wrapped(evidence)
    file, owner, line = uses[0] if uses else ("", "", 0)
    is_entered = is_wrapped and _enters(evidence, file)
    if not _waits_in_turn(evidence) or is_wrapped is None or is_entered:
        return None
    so = (
        f"so the methods of {routed(evidence)['name']} run in the one thread that all "
        "thread-sensitive code of this process shares"
    )
    if is_wrapped:
        why = f"a {CONTEXT} is made here, and no `async with` enters it, {so}"
        return Because(why, in_file(file, line))
    who = f"{owner} is not" if uses else f"nothing that enters a {CONTEXT} is"
    place = line_with(evidence, "gs2/asgi.py", '"websocket"', "'websocket'")
    return Because(f"{who} on the way to {evidence.path}, {so}", place)


def _enters(evidence: Evidence, file: str) -> bool:
    """Whether a file enters any asynchronous context manager."""
    nodes = list(ast.walk(tree_of(evidence, file)))
    return any(isinstance(node, ast.AsyncWith) or "enter" in _name(node) for node in nodes)


def _waits_in_turn(evidence: Evidence) -> bool:
    """Whether a sync consumer has been seen to wait for another connection's."""
    return evidence.kind in ("in-turn", "held-up") and is_sync(routed(evidence))


def _uses(evidence: Evidence) -> list[tuple[str, str, int]]:
    """Where ThreadSensitiveContext is used: file, top-level class or function, line."""
    return [
        (file, str(getattr(top, "name", "")), node.lineno)
        for file in evidence.tree
        if file.endswith(".py") and file != SHARED
        for top in tree_of(evidence, file).body
        for node in ast.walk(top)
        if isinstance(node, ast.Call) and _name(node) == CONTEXT
    ]


def _is_wrapped(evidence: Evidence) -> bool | None:
    """Whether something that makes a context is on the way to the path; None: not to be seen."""
    owners = {owner for _, owner, _ in _uses(evidence)}
    target = routed(evidence)
    ways = [way for way in _ways(evidence) if way[-1] == target]
    if not owners:
        return False
    if not ways or "__call__" in target.get("methods", {}):
        return None
    names = {one["kind"] for one in ways[0]}
    if names & owners or "" in owners:
        return True
    is_known = not any(list(_methods_called(evidence, name)) for name in names)
    return False if is_known else None


def _ways(evidence: Evidence) -> list[list[Told]]:
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
