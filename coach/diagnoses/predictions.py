"""Causes in lesson 6: a count that does not pause, a prediction that is not one, and why what
was measured is not what was predicted."""

import ast
import builtins
import dataclasses
import re

from coach import course
from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.lines import assigned
from coach.diagnoses.syntax import calls, classes, functions
from coach.diagnoses.target import GENERIC, RAW, is_consumer, is_sync, routed
from coach.evidence import Evidence, Told

SYNC, ASYNC, TRAP = "/ws/sc/", "/ws/ac/", "/ws/trap/"
FILE, TRAP_FILE = "myapp/predictions.py", "myapp/trap.py"
SENDERS = ("send", "send_json")
# Calls that take no time.
HARMLESS = {
    *dir(builtins), *dir(str), *dir(dict), *dir(re), *dir(re.compile("")), *dir(re.match("", "")),
    *SENDERS, "accept", "close", "StopConsumer",
} - {"input"}  # fmt: skip
TEN_IN_TURN_S = 1.0  # ten pauses, of which the check asks at least 0.1 s each
TEN_TOGETHER_S = 0.35


# -- the counts ---------------------------------------------------------------------------------


@diagnosis("count-not-taken")
def count_not_taken(evidence: Evidence) -> str | None:
    """The answer is `"<n>: count 3"`."""
    number, _, text = str(evidence.frame).partition(": ")
    if evidence.kind != "wrong" or not number.isdigit() or not text.startswith("count "):
        return None
    asked = [entry.text for entry in evidence.tape if entry.direction == "→"]
    if asked[-1] != f'websocket.receive text="{text}"':
        return f'"{text}" was counted, and after that answered as an ordinary message as well'
    return (
        f'"{text}" was taken for an ordinary message, and came back with the number {number}; '
        "the consumer has to tell it apart, and count"
    )


def _counting_class(evidence: Evidence) -> ast.ClassDef | None:
    """The class at the path of a count that did not pause."""
    target = routed(evidence)
    if evidence.kind != "hurried" or not is_consumer(target) or "file" not in target:
        return None
    return next(iter(classes(evidence, target["file"], target["name"])[-1:]), None)


def _sending_loops(node: ast.AST) -> list[ast.For | ast.While]:
    loops = (one for one in ast.walk(node) if isinstance(one, ast.For | ast.While))
    return [one for one in loops if calls(one, *SENDERS)]


def _called(node: ast.AST) -> set[str]:
    """What a tree calls, without the object before the dot."""
    called = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return {ast.unparse(one).rpartition(".")[2] for one in called}


@diagnosis("pause-after-frame")
def pause_after_frame(evidence: Evidence) -> Because | None:
    """In the one loop that sends, the statement that sends comes before the one that sleeps."""
    loops = _sending_loops(_counting_class(evidence) or ast.Module([], []))
    lines = loops[0].body if len(loops) == 1 else []
    sends = [calls(line, *SENDERS) for line in lines]
    sleeps = [calls(line, "sleep") for line in lines]
    if True not in sends or True not in sleeps or sleeps.index(True) <= sends.index(True):
        return None
    if any(_called(line) for line in lines[: sends.index(True)]):
        return None
    place = in_file(routed(evidence)["file"], lines[sleeps.index(True)].lineno)
    return Because("the pause comes after the frame here, and the frame before it is sent", place)


@diagnosis("pause-missing")
def pause_missing(evidence: Evidence) -> Because | None:
    """Nothing that the class calls could pause."""
    mine = _counting_class(evidence)
    if mine is None or any(ast.unparse(base) not in (*RAW, *GENERIC) for base in mine.bases):
        return None
    own = {function.name for function in functions(mine)}
    if _called(mine) - own - HARMLESS:
        return None
    loops = _sending_loops(mine)
    place = in_file(routed(evidence)["file"], (loops[0] if loops else mine).lineno)
    return Because(f"nothing that {mine.name} calls sleeps, so no pause comes before it", place)


# -- the predictions ----------------------------------------------------------------------------


@diagnosis("prediction-missing")
def prediction_missing(evidence: Evidence) -> str | None:
    if evidence.kind != "unfilled" or evidence.value is not None:
        return None
    if evidence.name not in assigned(evidence, FILE):
        return f"{FILE} has no line that begins with {evidence.name} ="
    kind = "a number of seconds" if evidence.name.endswith("_S") else "True or False"
    return f"{evidence.name} holds no prediction yet: it takes {kind}"


@diagnosis("prediction-of-another-kind")
def prediction_of_another_kind(evidence: Evidence) -> str | None:
    value = evidence.value
    if evidence.kind != "unfilled" or value is None:
        return None
    if not evidence.name.endswith("_S"):
        return f"{evidence.name} answers a question by True or False, written so, without quotes"
    if isinstance(value, list):
        return "a comma makes a tuple of two numbers; a decimal number is written with a point"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "no wait takes 0 seconds or less"
    return f"{evidence.name} is a number of seconds, written without quotes, such as 1.5"


def _measured(evidence: Evidence, name: str, value: object) -> bool:
    """Whether this prediction differs from what was measured, and this was measured."""
    return evidence.kind == "predicted" and evidence.name == name and evidence.value is value


def _at(evidence: Evidence, path: str) -> Told:
    return routed(dataclasses.replace(evidence, path=path))


def _is_async(target: Told) -> bool:
    return is_consumer(target) and not is_sync(target)


@diagnosis("one-thread-for-sync")
def one_thread_for_sync(evidence: Evidence) -> str | None:
    is_ten = evidence.kind == "predicted" and evidence.name == "TEN_AT_SC_S"
    is_in_turn = is_ten and evidence.value >= TEN_IN_TURN_S
    if not is_sync(_at(evidence, SYNC)):
        return None
    if not is_in_turn and not _measured(evidence, "SYNC_HOLDS_UP_SYNC", True):
        return None
    return (
        "the handlers of all sync consumers of the process run in one thread, and while one of "
        "them sleeps there, the others wait for that thread"
    )


@diagnosis("async-waits-overlap")
def async_waits_overlap(evidence: Evidence) -> str | None:
    if evidence.kind != "predicted" or evidence.name != "TEN_AT_AC_S":
        return None
    if not _is_async(_at(evidence, ASYNC)) or evidence.value > TEN_TOGETHER_S:
        return None
    return (
        "a handler that awaits its pause gives the event loop back, so the ten pauses go by at "
        "the same time, and all ten take about as long as one"
    )


@diagnosis("sync-leaves-loop-free")
def sync_leaves_loop_free(evidence: Evidence) -> str | None:
    names = ("SYNC_HOLDS_UP_PAGE", "SYNC_HOLDS_UP_HELLO")
    is_free = any(_measured(evidence, name, False) for name in names)
    if not is_free or not is_sync(_at(evidence, SYNC)):
        return None
    return (
        "what sleeps is the thread of the sync handlers: the event loop, which runs hello, is "
        "another, and for each request over HTTP Django has a thread of its own"
    )


@diagnosis("async-passes-through-the-thread")
def async_passes_through_the_thread(evidence: Evidence) -> str | None:
    if not _measured(evidence, "SYNC_HOLDS_UP_ASYNC", True):
        return None
    if not is_sync(_at(evidence, SYNC)) or not _is_async(_at(evidence, ASYNC)):
        return None
    return (
        "since Channels 4.2 an async consumer has old database connections closed before each "
        "handler, and that is done in the one thread of the sync handlers, which sleeps"
    )


def _is_trap(evidence: Evidence) -> bool:
    """Whether what answers /ws/trap/ is the consumer that the lesson hands out."""
    target = _at(evidence, TRAP)
    given, mine = course.lesson(6).handout[TRAP_FILE], evidence.tree.get(TRAP_FILE, b"")
    is_there = (target.get("file"), target.get("name")) == (TRAP_FILE, "TrapConsumer")
    return is_there and given.split() == mine.split()


@diagnosis("trap-not-as-given")
def trap_not_as_given(evidence: Evidence) -> Because | None:
    is_harmless = evidence.name.startswith("TRAP_") and evidence.value is False
    if evidence.kind != "predicted" or not is_harmless or _is_trap(evidence):
        return None
    why = (
        "what answers /ws/trap/ is not the TrapConsumer that the lesson hands out in "
        f"{TRAP_FILE}, and this step measures what its time.sleep costs"
    )
    return Because(why, in_file(TRAP_FILE))


@diagnosis("frames-wait-for-the-loop")
def frames_wait_for_the_loop(evidence: Evidence) -> str | None:
    if not _measured(evidence, "TRAP_FRAMES_COME_TOGETHER", True) or not _is_trap(evidence):
        return None
    return (
        "Daphne writes to its clients on the event loop, which time.sleep holds: what is sent "
        "during the count leaves only when the loop goes on, after the last number"
    )


@diagnosis("loop-held-up")
def loop_held_up(evidence: Evidence) -> str | None:
    is_held = evidence.name.startswith("TRAP_HOLDS_UP_") and evidence.value is True
    if evidence.kind != "predicted" or not is_held or not _is_trap(evidence):
        return None
    return (
        "time.sleep holds the thread of the event loop itself, and on that the server reads and "
        "writes for everybody: until the count has ended, nobody is answered"
    )


@diagnosis("one-message-at-a-time")
def one_message_at_a_time(evidence: Evidence) -> str | None:
    is_measured = _measured(evidence, "TWO_COUNTS_OVERLAP", False)
    if not is_measured or not _is_async(_at(evidence, ASYNC)):
        return None
    return (
        "Channels takes the next message of a connection when the handler of the one before has "
        "returned: what overlaps is the waits of different connections"
    )
