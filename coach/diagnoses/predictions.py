"""Causes in lesson 6: a prediction that is not one, and why what was measured is another."""

import dataclasses
import difflib

from coach import course
from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.lines import assigned
from coach.diagnoses.target import is_consumer, is_sync, route_place, routed
from coach.diagnoses.threads import TEN_IN_TURN_S
from coach.evidence import Evidence, Told

SYNC, ASYNC, TRAP = "/ws/sc/", "/ws/ac/", "/ws/trap/"
FILE, TRAP_FILE = "myapp/predictions.py", "myapp/trap.py"
TRAP_CLASS = (TRAP_FILE, "TrapConsumer")
TEN_TOGETHER_S = 0.35


# -- the predictions ----------------------------------------------------------------------------


@diagnosis("prediction-missing")
def prediction_missing(evidence: Evidence) -> Because | str | None:
    if evidence.kind != "unfilled" or evidence.value is not None:
        return None
    mine = assigned(evidence, FILE)
    if evidence.name not in mine:
        why = f"{FILE} has no line that begins with {evidence.name} ="
        given = course.lesson(6).handout[FILE].decode()
        others = [name for name in mine if f"\n{name} =" not in given]
        near = difflib.get_close_matches(evidence.name, others, 1, 0.8)
        if not near:
            return why
        return Because(f"{why}; this line begins with {near[0]}", in_file(FILE, mine[near[0]]))
    kind = "a number of seconds" if evidence.name.endswith("_S") else "True or False"
    return f"{evidence.name} holds no prediction yet: it takes {kind}"


@diagnosis("prediction-of-another-kind")
def prediction_of_another_kind(evidence: Evidence) -> str | None:
    value = evidence.value
    if evidence.kind != "unfilled" or value is None:
        return None
    if not evidence.name.endswith("_S"):
        quotes = ", written so, without quotes" if isinstance(value, str) else ""
        return f"{evidence.name} answers a question by True or False{quotes}"
    if isinstance(value, list):
        return "a comma makes a tuple of two numbers; a decimal number is written with a point"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "no wait takes 0 seconds or less"
    quotes = ", written without quotes" if isinstance(value, str) else ""
    return f"{evidence.name} is a number of seconds{quotes}, such as 1.5"


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
    is_there = (target.get("file"), target.get("name")) == TRAP_CLASS
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
    target = _at(evidence, TRAP)
    if (target.get("file"), target.get("name")) == TRAP_CLASS:
        return Because(why, in_file(TRAP_FILE))
    return Because(why, route_place(dataclasses.replace(evidence, path=TRAP)))


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
