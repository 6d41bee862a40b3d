"""Causes in what runs on which thread: an event loop held up, a thread shared."""

import ast
import dataclasses
import re
from collections.abc import Iterator

from coach.course import LESSONS
from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.syntax import classes, functions, line_text, tree_of
from coach.diagnoses.target import is_consumer, is_sync, routed
from coach.diagnoses.ways import is_wrapped, last_line, name_of
from coach.evidence import Evidence, Told

REPORTS = "myapp/reports.py"
GIVEN = LESSONS / "07-threads" / "handout" / REPORTS
TO_ASYNC = ("sync_to_async", "database_sync_to_async")
WRAPPERS = ("to_thread", "run_in_executor", *TO_ASYNC)
TEN_IN_TURN_S = 1.0  # ten pauses, of which the check asks at least 0.1 s each


# -- the report ---------------------------------------------------------------------------------


@diagnosis("reports-changed")
def reports_changed(evidence: Evidence) -> str | None:
    """The learner's code leans on a reports.py of their own, and the lesson's is what ran."""
    mine, given = tree_of(evidence, REPORTS), ast.parse(GIVEN.read_bytes())
    if not mine.body or ast.dump(mine) == ast.dump(given):
        return None
    error = evidence.raised("ImportError", "from 'myapp.reports'")
    found = re.search(r"name '(\w+)'", error["text"]) if error else None
    text = line_text(evidence, last_line(evidence) or evidence.place)
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


@diagnosis("blocking-call-awaited")
def blocking_call_awaited(evidence: Evidence) -> str | None:
    """`await slow_report(…)`: the `await` is not what is too much there."""
    is_awaited = re.search(
        r"\bawait (\w+\.)?slow_report\(", line_text(evidence, last_line(evidence))
    )
    if not is_awaited or not evidence.raised("TypeError", "await"):
        return None
    return (
        "slow_report is a plain function: it has run by then, on the event loop's thread, and "
        "`await` is given its text; asyncio.to_thread(slow_report, …) makes what can be awaited"
    )


@diagnosis("thread-called-otherwise")
def thread_called_otherwise(evidence: Evidence) -> str | None:
    """`sync_to_async(f, x)`, `run_in_executor(f, x)`, `await pool.submit(f, x)`."""
    text = line_text(evidence, last_line(evidence))
    found = re.search(rf"\b({'|'.join(TO_ASYNC)})\(", text)
    if found and evidence.raised("TypeError", "sync_to_async() takes from 0 to 1"):
        return (
            f"{found[1]} takes the function alone: the arguments belong in a second pair of "
            "parentheses, after the first"
        )
    if "run_in_executor(" in text and evidence.raised("AttributeError", "no attribute 'submit'"):
        return (
            "run_in_executor takes a pool first, or None for the loop's own, and then the function "
            "and its arguments"
        )
    if ".submit(" in text and evidence.raised(
        "TypeError", "object Future can't be used in 'await'"
    ):
        return (
            "the Future that submit gives is one of threads, and `await` cannot take it: "
            "run_in_executor gives one that it can"
        )
    return None


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
        found = [
            one for one in ast.walk(node) if isinstance(one, ast.Call) and name_of(one) != "get"
        ]
        if len(found) == 1 and not any(isinstance(one, ast.Await) for one in ast.walk(node)):
            return ast.unparse(found[0].func)
    return ""


@diagnosis("called-before-handed-over")
def called_before_handed_over(evidence: Evidence) -> str | None:
    """`to_thread(slow_report(…))`: it has run by the time that a thread could run it."""
    texts = ("object is not callable", "sync_to_async can only be applied to sync functions")
    if any(evidence.raised("TypeError", text) for text in texts):
        for call in calls_on(evidence, last_line(evidence)):
            first = call.args[1:2] if name_of(call) == "run_in_executor" else call.args[:1]
            inner = [
                one for one in first if isinstance(one, ast.Call) and name_of(one) != "partial"
            ]
            if name_of(call) in WRAPPERS and inner:
                given = ast.unparse(inner[0].func)
                return (
                    f"{given}(…) is called on this line, on the event loop's thread, and "
                    f"{name_of(call)} is given its result: hand over {given} itself, without ()"
                )
    return None


@diagnosis("wrapped-not-called")
def wrapped_not_called(evidence: Evidence) -> str | None:
    """`await sync_to_async(slow_report)`."""
    made = [name_of(call) for call in calls_on(evidence, last_line(evidence))]
    name = next((name for name in made if name in TO_ASYNC), None)
    texts = ("SyncToAsync can't be", "SyncToAsync' object can't be")
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
    if error is None or not last_line(evidence):
        return None
    name = error["text"].partition("(")[0]
    return (
        f"{name} is given thread_sensitive here, which is an option of sync_to_async: write "
        f"sync_to_async({name}, thread_sensitive=False), then the arguments in their own ()"
    )


def calls_on(evidence: Evidence, place: Told | None) -> Iterator[ast.Call]:
    """The calls that stand on a line, or reach over it."""
    if place is None:
        return
    for node in ast.walk(tree_of(evidence, place["file"])):
        is_call = isinstance(node, ast.Call)
        if is_call and node.lineno <= place["line"] <= (node.end_lineno or 0):  # type: ignore[attr-defined]
            yield node  # type: ignore[misc]


@diagnosis("thread-sensitive-call")
def thread_sensitive_call(evidence: Evidence) -> Because | None:
    """Reports or pauses in turn: each in the thread of all thread-sensitive calls."""
    is_report = evidence.kind == "in-turn" and evidence.path == "/ws/report/"
    is_ten = evidence.kind == "predicted" and evidence.name == "TEN_AT_AC_S"
    is_pause = is_ten and evidence.value >= TEN_IN_TURN_S
    if is_pause:
        evidence = dataclasses.replace(evidence, path="/ws/ac/")
    target = routed(evidence)
    if not (is_report or is_pause) or not is_consumer(target) or is_wrapped(evidence) is not False:
        return None
    shared = "in the one thread that all thread-sensitive code of this process shares"
    if is_sync(target):
        line = classes(evidence, target["file"], target["name"])[-1].lineno
        why = f"{target['name']} is a SyncConsumer, whose methods run {shared}"
        return Because(why, in_file(target["file"], line, target["name"]))
    mine = classes(evidence, target["file"], target["name"])[-1]
    for node in ast.walk(mine if is_pause else tree_of(evidence, target["file"])):
        is_call = isinstance(node, ast.Call) and name_of(node) in TO_ASYNC
        if is_call and not any(one.arg == "thread_sensitive" for one in node.keywords):  # type: ignore[attr-defined]
            why = f"{name_of(node)} runs this {shared}, unless it is told thread_sensitive=False"
            return Because(why, in_file(target["file"], node.lineno))  # type: ignore[attr-defined]
    return None
