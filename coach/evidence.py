"""What a failed step knows: what was done, expected and got, and everything that was seen."""

import json
from dataclasses import dataclass, field
from typing import Any

Told = dict[str, Any]
Frame = str | bytes
SHOWN_CHARS = 120


@dataclass
class Entry:
    """One line of the tape: an event in (→, to the application) or out (←)."""

    who: str
    direction: str
    text: str
    mark: str = ""

    def __str__(self) -> str:
        who = f"{self.who} " if self.who else ""
        mark = f"   ✗ {self.mark}" if self.mark else ""
        return f"{who}{self.direction} {self.text}{mark}"


@dataclass
class Compared:
    """A row of a report: what was measured, and beside it a prediction, where there is one.

    `name` is the learner's name for the prediction, `first` what they had predicted before, where
    that was something else; `value` is what was measured, a number or a claim.
    """

    what: str
    measured: str
    name: str = ""
    predicted: str = ""
    agrees: bool = True
    value: Any = None
    first: str = ""


@dataclass
class Evidence:
    """Facts about one failure, for the report and for the catalogue of diagnoses.

    `kind` is one of: not-loaded, raised, silent, returned, closed, wrong, illegal, illegal-http,
    hang, left, flood, endless, kept-running, unawaited, http, server, runserver, settings,
    too-early, hurried, stands-still, unfilled, predicted, in-turn, held-up;
    of records: unmigrated, rows, heard-before-kept, history, lost-between, not-heard,
    query-on-loop;
    of the learner's tests: no-tests, not-collected, test-failed, unawaited-in-test, too-few-tests,
    not-caught (`name` is the sabotage, `value` how often it came into play);
    of several processes: unheard, elsewhere, unwarned, warned, leaked, deaf.
    `error` is a chain of exceptions, the first cause first.
    `place` is the learner's line that sent or was running.
    `name` is that of a prediction, `value` what it is.
    `layer` is what the channel layer was asked in this step, "calls", its "groups" by then, and
    the "paths" of the clients; of several processes, the "url" at which they are to meet, and the
    groups "in_valkey".
    `others` is the number of frames that other clients had sent to the same process by then.
    """

    kind: str = "wrong"
    error: list[Told] = field(default_factory=list)
    unawaited: list[Told] = field(default_factory=list)
    place: Told | None = None
    event: Told = field(default_factory=dict)
    facts: Told = field(default_factory=dict)
    entry: str = ""
    stage: str = ""
    output: str = ""
    path: str = ""
    status: int | None = None
    frame: Frame | None = None
    wanted: Frame | None = None
    others: int = 0
    name: str = ""
    value: Any = None
    layer: Told = field(default_factory=dict)
    tape: list[Entry] = field(default_factory=list)
    tree: dict[str, bytes] = field(default_factory=dict)

    def raised(self, kind: str, text: str = "") -> Told | None:
        """The first exception of the chain of this type whose text contains `text`."""
        for link in self.error:
            if link["type"] == kind and text in link["text"]:
                return link
        return None


class Failure(Exception):
    """A step that failed. `expected` and `got` complete the lines of the report."""

    def __init__(self, expected: str, got: str, evidence: Evidence) -> None:
        super().__init__(got)
        self.expected = expected
        self.got = got
        self.evidence = evidence


class CoachError(Exception):
    """The coach or the machine is at fault, not the learner's code: exit code 3."""


def shown(thing: Any) -> str:
    """A value as reports show it: quoted, bounded, on one line."""
    if isinstance(thing, bytes):
        text = repr(thing)
    elif isinstance(thing, str):
        # JSON inside of double quotes would need a backslash before each of its own.
        is_plain = '"' in thing and "'" not in thing and thing.isprintable()
        text = f"'{thing}'" if is_plain else json.dumps(thing, ensure_ascii=False)
    else:
        text = str(thing).replace("\n", " ")
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"


def frame_named(frame: Frame) -> str:
    """`the text frame "tea"` or `the binary frame b'tea'`."""
    kind = "text" if isinstance(frame, str) else "binary"
    return f"the {kind} frame {shown(frame)}"


def error_named(error: list[Told]) -> str:
    """The first exception of a chain as Python's last line would show it.

    A KeyError that no line of the learner's has met is how a library looks something up: what it
    raised then is what matters.
    """
    if not error:
        return "an exception"
    known = ("KeyError", False)
    met = (one for one in error if (one["type"], any(f["work"] for f in one["frames"])) != known)
    first = next(met, error[0])
    return f"{first['type']}: {first['text']}" if first["text"] else str(first["type"])


def place_named(place: Told, root: str = "work") -> str:
    """`work/myapp/consumers.py:14 · MySyncConsumer.websocket_receive`."""
    line = f":{place['line']}" if place["line"] else ""
    name = place["name"]
    named = f" · {name}" if name and name != "<module>" else ""
    return f"{root}/{place['file']}{line}{named}" if place["work"] else f"{place['file']}{line}"
