"""Causes between `def` and `async def`: what nobody awaits, and what cannot be awaited."""

import ast
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.syntax import (
    Function,
    calls,
    class_place,
    classes,
    def_place,
    functions,
    line_text,
    raises,
    tree_of,
)
from coach.diagnoses.target import handler, is_consumer, is_generic, is_sync, routed
from coach.diagnoses.threads import calls_on
from coach.diagnoses.ways import last_line, name_of
from coach.evidence import Evidence, Told

SENDERS = ("send", "accept", "close", "send_json")
PAUSES = ("sleep", "to_thread", "__call__")  # the last is that of sync_to_async(time.sleep)
NOT_AWAITABLE = re.compile(
    r"object ([\w.]+) can't be used in 'await' expression|'([\w.]+)' object can't be awaited"
)


def _matters(evidence: Evidence, told: Told) -> bool:
    """Whether a coroutine is a `send`, or a function of the learner's that sends or raises; where
    a pause is missing, the same of what pauses."""
    name = told["coroutine"].rpartition(".")[2]
    words = PAUSES if evidence.kind == "hurried" else SENDERS
    if name in words:
        return True
    return any(
        function.name == name and (calls(function, *words) or raises(function))
        for file in evidence.tree
        if file.endswith(".py")
        for function in functions(tree_of(evidence, file))
    )


def _lost(evidence: Evidence) -> Told | None:
    """The coroutine whose loss explains what is missing: nothing came, or not the first thing."""
    is_early = evidence.kind == "illegal" and "before websocket.accept" in evidence.tape[-1].mark
    if evidence.kind == "unawaited":
        return evidence.unawaited[0]
    kinds = ("silent", "kept-running", "hurried", "history", "returned")
    if evidence.kind not in kinds and not is_early:
        return None
    return next((told for told in evidence.unawaited if _matters(evidence, told)), None)


@diagnosis("async-def-in-sync-consumer")
def async_def_in_sync_consumer(evidence: Evidence) -> Because | None:
    """A SyncConsumer calls its handlers and drops what they return; an async one never runs."""
    target, (name, mine) = routed(evidence), handler(evidence)
    if not is_sync(target) or not mine or not mine["async"]:
        return None
    if not any(told["coroutine"] == mine["at"]["name"] for told in evidence.unawaited):
        return None
    base = "WebsocketConsumer" if is_generic(target) else "SyncConsumer"
    why = (
        f"{target['name']} is a {base}, which calls {name} and awaits nothing, so an `async def` "
        "never runs there"
    )
    if evidence.path.startswith("/ws/ac/"):
        why += f": the class has to derive from Async{base.removeprefix('Sync')}"
        return Because(why, class_place(evidence, target))
    return Because(f"{why}: it has to be a plain `def`", def_place(evidence, mine["at"]))


@diagnosis("plain-def-in-async-consumer")
def plain_def_in_async_consumer(evidence: Evidence) -> Because | None:
    target, (name, mine) = routed(evidence), handler(evidence)
    if not is_consumer(target) or is_sync(target) or not mine or mine["async"] or mine["yields"]:
        return None
    error = _not_awaitable(evidence)
    if not error or error["frames"][-1]["work"]:
        return None
    twin = "WebsocketConsumer" if is_generic(target) else "Consumer"
    why = (
        f"{target['name']} is an Async{twin}, which awaits what {name} returns, and a plain `def` "
        "returns no coroutine"
    )
    if evidence.path.startswith("/ws/sc/"):
        why += f": the class has to derive from {twin if is_generic(target) else 'SyncConsumer'}"
        return Because(why, class_place(evidence, target))
    return Because(f"{why}: it has to be an `async def`", def_place(evidence, mine["at"]))


def _not_awaitable(evidence: Evidence) -> Told | None:
    return next(
        (
            link
            for link in evidence.error
            if link["type"] == "TypeError" and NOT_AWAITABLE.search(link["text"])
        ),
        None,
    )


@diagnosis("send-is-sync-already")
def send_is_sync_already(evidence: Evidence) -> str | None:
    """`async_to_sync(self.send)(…)` in a SyncConsumer: it sends, and then fails."""
    error = _not_awaitable(evidence)
    files = [frame["file"] for frame in error["frames"]] if error else [""]
    if not is_sync(routed(evidence)) or not files[-1].endswith("asgiref/sync.py"):
        return None
    on_line = [one for one in calls_on(evidence, last_line(evidence)) if one.args]
    wrapped = [ast.unparse(one.args[0]) for one in on_line if name_of(one) == "async_to_sync"]
    given = wrapped[0] if wrapped and wrapped[0] != "self.send" else "in a SyncConsumer, self.send"
    return (
        "async_to_sync wraps a coroutine function, and what it wraps here is a plain one: "
        f"{given}(…) is called as it is"
    )


@diagnosis("plain-def-awaited")
def plain_def_awaited(evidence: Evidence) -> Because | None:
    """`await self.count_to(…)`, where count_to is a plain `def` of the learner's that sends."""
    error = _not_awaitable(evidence)
    last = error["frames"][-1] if error and error["frames"] else None
    if not last or not last["work"]:
        return None
    tree = tree_of(evidence, last["file"])
    awaited = {
        node.value.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Await) and node.lineno == last["line"]
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute)
        if isinstance(node.value.func.value, ast.Name) and node.value.func.value.id == "self"
    }
    plain = [one for one in _siblings(evidence, last) if one.name in awaited]
    if len(awaited) != 1 or len(plain) != 1 or isinstance(plain[0], ast.AsyncFunctionDef):
        return None
    if not calls(plain[0], *SENDERS):  # it may be right as it is, and the `await` wrong
        return None
    name = plain[0].name
    why = (
        f"{name} is a plain `def`, so a call of it gives None, and line {last['line']} awaits "
        "that: to be awaited, it has to be an `async def`"
    )
    return Because(why, in_file(last["file"], plain[0].lineno, name))


def _siblings(evidence: Evidence, place: Told) -> list[Function]:
    """The methods of the class that a line stands in."""
    return [
        function
        for node in ast.walk(tree_of(evidence, place["file"]))
        if isinstance(node, ast.ClassDef)
        if node.lineno <= place["line"] <= (node.end_lineno or 0)
        for function in node.body
        if isinstance(function, Function)
    ]


@diagnosis("await-on-nothing")
def await_on_nothing(evidence: Evidence) -> str | None:
    error = _not_awaitable(evidence)
    found = NOT_AWAITABLE.search(error["text"]) if error else None
    if not error or not found or not error["frames"] or not error["frames"][-1]["work"]:
        return None
    kind = (found[1] or found[2]).removeprefix("functools.")
    if _awaits_twice(evidence, error["frames"][-1]):
        return f"this line awaits twice: the first `await` gave {_a(kind)}, and that is the result"
    if re.search(r"\bawait (time\.)?sleep\(", line_text(evidence, error["frames"][-1])):
        return (
            "the sleep on this line is that of the module time: it holds the event loop, and "
            "gives None; the one that can be awaited is asyncio.sleep"
        )
    kind = {"partial": "function"}.get(kind, kind)  # of a decorated method
    if kind in ("method", "function", "builtin_function_or_method"):
        return (
            f"this line awaits a {kind} that it does not call: parentheses are missing after its "
            "name"
        )
    return (
        f"what this line awaits is a plain call that is over already and gave {_a(kind)}: "
        "only a coroutine can be awaited, so the `await` has to go"
    )


def _awaits_twice(evidence: Evidence, place: Told) -> bool:
    """`await (await self.keep(text))`."""
    return any(
        isinstance(node, ast.Await) and isinstance(node.value, ast.Await)
        for node in ast.walk(tree_of(evidence, place["file"]))
        if getattr(node, "lineno", 0) == place["line"]
    )


def _a(kind: str) -> str:
    return "None" if kind == "NoneType" else f"a value of type {kind}"


@diagnosis("async-to-sync-in-async")
def async_to_sync_in_async(evidence: Evidence) -> str | None:
    if evidence.raised("RuntimeError", "You cannot use AsyncToSync in the same thread"):
        on_line = [one for one in calls_on(evidence, last_line(evidence)) if one.args]
        wrapped = [name_of(one.args[0]) for one in on_line if name_of(one) == "async_to_sync"]
        if wrapped == ["slow_report"]:
            return (
                "async_to_sync is the way back, for plain code that calls a coroutine function; "
                "slow_report is a plain one, and asyncio.to_thread has a thread run it"
            )
        return (
            "async_to_sync is for plain functions; in an `async def` the coroutine is awaited "
            "directly, without it"
        )
    return None


@diagnosis("asyncio-run-in-handler")
def asyncio_run_in_handler(evidence: Evidence) -> str | None:
    texts = ("cannot be called from a running event loop", "event loop is already running")
    if any(evidence.raised("RuntimeError", text) for text in texts):
        return (
            "the handler runs on an event loop already: a coroutine is awaited there, not given "
            "to run"
        )
    if evidence.raised("ValueError", "a coroutine was expected, got None"):
        return (
            "asyncio.run takes a coroutine, and what it gets is the None of a plain call that is "
            "over already"
        )
    return None


@diagnosis("send-not-awaited")
def send_not_awaited(evidence: Evidence) -> Because | None:
    told = _lost(evidence)
    if told is None or told["coroutine"].rpartition(".")[2] not in SENDERS:
        return None
    name = told["coroutine"].rpartition(".")[2]
    call = name if told["coroutine"].startswith("Connection.") else f"self.{name}"
    return Because(
        f"{call}(…) is called here and never awaited: the call only makes a coroutine, "
        "and `await` in front of it is what sends",
        told["at"],
    )


@diagnosis("coroutine-in-answer")
def coroutine_in_answer(evidence: Evidence) -> str | None:
    """What stands in the answer is the call that nobody awaited, and not its result."""
    found = re.search(r"<coroutine object ([\w.<>]+) at 0x", str(evidence.event))
    if not found:
        return None
    is_wrapped = found[1] == "SyncToAsync.__call__"
    call = "what sync_to_async or database_sync_to_async made" if is_wrapped else f"{found[1]}(…)"
    return (
        f"a coroutine stands in the answer: {call} is called, and its result is there once it is "
        "awaited"
    )


@diagnosis("sync-to-async-of-async")
def sync_to_async_of_async(evidence: Evidence) -> str | None:
    if evidence.raised("TypeError", "sync_to_async can only be applied to sync functions"):
        return (
            "sync_to_async and database_sync_to_async are for plain functions; an `async def` is "
            "awaited as it is, without them"
        )
    return None


@diagnosis("coroutine-not-awaited")
def coroutine_not_awaited(evidence: Evidence) -> Because | None:
    told = _lost(evidence)
    if told is None:
        return None
    why = f"{told['coroutine']}(…) is called here and never awaited, so nothing in it runs"
    if evidence.kind != "hurried" or not is_sync(routed(evidence)):
        return Because(why, told["at"])
    why += ": a plain `def` cannot await, and pauses with time.sleep"
    return Because(why, told["at"] or _only_call(evidence, told["coroutine"]))


def _only_call(evidence: Evidence, name: str) -> Told | None:
    """The line of the class at the path that calls this name, if it is only one: what is called
    in another thread than the event loop's does not say where."""
    target = routed(evidence)
    lines = [
        node.lineno
        for mine in classes(evidence, target["file"], target["name"])[-1:]
        for node in ast.walk(mine)
        if isinstance(node, ast.Expr) and calls(node, name)
    ]
    return in_file(target["file"], lines[0]) if len(lines) == 1 else None
