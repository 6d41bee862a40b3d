"""Causes in where a query runs: on the event loop's thread, where Django refuses to make it."""

import ast

from coach.diagnoses import lines
from coach.diagnoses.catalogue import diagnosis
from coach.diagnoses.syntax import line_text
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
    place, error = _refused(evidence), evidence.raised("SynchronousOnlyOperation")
    if not place or not error:
        return None
    ours = max(number for number, one in enumerate(error["frames"]) if one["work"])
    after = error["frames"][ours + 1 :][:1]
    if not after or after[0]["name"].rpartition(".")[2] not in LOOPED:
        return None
    if not after[0]["file"].endswith("django/db/models/query.py"):
        return None
    return (
        "a queryset makes its query where its rows are first needed, and that is this line, on "
        "the event loop's thread: loop over it with `async for`, or make it a list in a thread"
    )


@diagnosis("queryset-awaited")
def queryset_awaited(evidence: Evidence) -> str | None:
    """`await Line.objects.filter(…)`."""
    texts = ("object QuerySet can't be", "'QuerySet' object can't be")
    if not last_line(evidence) or not any(evidence.raised("TypeError", text) for text in texts):
        return None
    return (
        "a queryset is no coroutine and cannot be awaited; it makes its query where it is looped "
        "over, with `async for` on the event loop"
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
        + (extra if "await " in line_text(evidence, place) else "")
    )
