"""Causes in where a query runs: on the event loop's thread, where Django refuses to make it."""

import ast

from coach.diagnoses import lines
from coach.diagnoses.catalogue import diagnosis
from coach.diagnoses.syntax import tree_of
from coach.diagnoses.threads import TO_ASYNC, calls_on
from coach.diagnoses.ways import last_line, name_of
from coach.evidence import Evidence, Told

UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"
LOOPED = ("__iter__", "__len__", "__getitem__", "__bool__")  # of a queryset: they make its query


@diagnosis("async-unsafe-allowed")
def async_unsafe_allowed(evidence: Evidence) -> str | None:
    if evidence.kind != "query-on-loop":
        return None
    for file in evidence.tree:
        if file.endswith(".py"):
            for number, name, _ in lines.environment(evidence, file):
                if name == UNSAFE:
                    return (
                        f"{UNSAFE}, set in {file}:{number}, only turns off the error: this line "
                        "still queries on the event loop's thread, and every connection waits "
                        "for it"
                    )
    return None


def _refused(evidence: Evidence) -> Told | None:
    """The learner's line whose query Django has refused to make on the event loop's thread."""
    return last_line(evidence) if evidence.raised("SynchronousOnlyOperation") else None


def _called_there(evidence: Evidence) -> list[Told]:
    """The frames below that line: what it has called, and what that has called."""
    error = evidence.raised("SynchronousOnlyOperation")
    frames: list[Told] = error["frames"] if error else []
    ours = [number for number, one in enumerate(frames) if one["work"]]
    return frames[ours[-1] + 1 :] if ours else []


@diagnosis("query-before-handed-over")
def query_before_handed_over(evidence: Evidence) -> str | None:
    """`database_sync_to_async(Line.objects.get(…))`."""
    for call in calls_on(evidence, _refused(evidence)):
        inner = call.args[0] if call.args else None
        if name_of(call) in TO_ASYNC and isinstance(inner, ast.Call):
            given = ast.unparse(inner.func)
            return (
                f"{given}(…) is called on this line, on the event loop's thread, before "
                f"{name_of(call)} has anything to hand over: give it {given} itself, and the "
                "arguments in a second pair of parentheses"
            )
    return None


@diagnosis("queryset-is-lazy")
def queryset_is_lazy(evidence: Evidence) -> str | None:
    after = _called_there(evidence)
    if not after or after[0]["name"].rpartition(".")[2] not in LOOPED:
        return None
    if not after[0]["file"].endswith("django/db/models/query.py"):
        return None
    return (
        "a queryset makes its query where its rows are first needed, and that is this line, on "
        "the event loop's thread: loop over it with `async for`, or make it a list in a thread"
    )


@diagnosis("queryset-wrapped")
def queryset_wrapped(evidence: Evidence) -> str | None:
    """`async_to_sync(Line.objects.filter(…))` in a plain function."""
    texts = ("'AsyncToSync' object is not iterable", "'QuerySet' object is not callable")
    place = last_line(evidence)
    if evidence.unawaited or not any(evidence.raised("TypeError", text) for text in texts):
        return None
    for call in calls_on(evidence, place):
        inner = call.args[0] if call.args else None
        if name_of(call) == "async_to_sync" and isinstance(inner, ast.Call):
            return (
                f"async_to_sync wants a function, and is given what {ast.unparse(inner.func)}(…) "
                "returns; a plain function loops over a queryset as it is"
            )
    return None


@diagnosis("queryset-awaited")
def queryset_awaited(evidence: Evidence) -> str | None:
    """`await Line.objects.filter(…)`."""
    texts = ("object QuerySet can't be", "'QuerySet' object can't be")
    errors = [one for text in texts if (one := evidence.raised("TypeError", text))]
    if not last_line(evidence) or not errors or not errors[0]["frames"][-1]["work"]:
        return None
    return (
        "a queryset is no coroutine and cannot be awaited; it makes its query where it is looped "
        "over, with `async for` on the event loop"
    )


@diagnosis("related-row-fetched")
def related_row_fetched(evidence: Evidence) -> str | None:
    """`line.room.name`, where room is a ForeignKey."""
    after = _called_there(evidence)
    if not after or not after[0]["file"].endswith("fields/related_descriptors.py"):
        return None
    return (
        "a ForeignKey leads to a row of another table, and this line fetches that row, by a query "
        "on the event loop's thread: select_related(…), in the query before, brings it along"
    )


@diagnosis("query-in-async-def")
def query_in_async_def(evidence: Evidence) -> str | None:
    place = _refused(evidence)
    if not place:
        return None
    extra = " (an `await` comes too late: the call has run by then)"
    return (
        "this line queries the database on the event loop's thread, and Django refuses to: await "
        "the method whose name begins with an a, like acreate, or use database_sync_to_async"
        + (extra if _is_awaited(evidence, place) else "")
    )


def _is_awaited(evidence: Evidence, place: Told) -> bool:
    """Whether the call that queries is itself what an `await` on this line stands before."""
    queried = {one["name"].rpartition(".")[2] for one in _called_there(evidence)}
    return any(
        isinstance(node, ast.Await) and node.lineno == place["line"]
        for node in ast.walk(tree_of(evidence, place["file"]))
        if isinstance(node, ast.Await) and name_of(node.value) in queried
    )
