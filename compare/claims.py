"""What is commonly said about sync and async consumers, each with what was measured of it.

One list for two readers: `solutions/README.md` is written from it, and the tests hold what it says
of waiting against a new measurement, so that a release of Channels that changes an answer fails by
its sentence. What it says of speed and memory is held against the measurement that the page shows:
rates differ too much from run to run for a test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Told = dict[str, Any]
SOLUTIONS, WAITING, THREADS = (
    "solutions/README.md", "lessons/06-waiting/README.md", "lessons/07-threads/README.md",
)  # fmt: skip


class Measured:
    """One measurement, as `--json` has it, by the names of its rows."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.questions: dict[str, list[Told]] = told["questions"]

    def row(self, question: str, **names: object) -> Told:
        """The one row of a question with these values; a `LookupError` where it was left out."""
        for row in self.questions.get(question, ()):
            if names.items() <= row.items():
                return row
        raise LookupError(f"{question} has no row {names}")

    def ratio(self, way: str, connections: int = 10) -> float:
        """How many times one wait so many connections take that wait at once."""
        return float(self.row("together", way=way, connections=connections)["ratio"])

    def holds_up(self, waiting: str, *probes: str) -> bool:
        """Whether each of the probes is kept waiting."""
        rows = [self.row("holdup", waiting=waiting, probe=probe) for probe in probes]
        return all(row["held_up"] is True for row in rows)

    def leaves(self, waiting: str, *probes: str) -> bool:
        """Whether none of the probes is kept waiting."""
        rows = [self.row("holdup", waiting=waiting, probe=probe) for probe in probes]
        return all(row["held_up"] is False for row in rows)

    def rate(self, way: str, connections: int = 100) -> float:
        """Messages per second of the echo."""
        return float(self.row("echo", way=way, connections=connections)["per_second"])

    def queries(self, way: str, connections: int = 10) -> float:
        """Messages per second where each makes one query."""
        return float(self.row("database", way=way, connections=connections)["per_second"])

    def memory(self, way: str) -> float:
        """KiB for each idle connection."""
        return float(self.row("memory", way=way)["kib_per_connection"])


@dataclass(frozen=True)
class Claim:
    """A sentence, its verdict, and what shows it. `seen` may name figures in braces."""

    sentence: str
    verdict: str
    seen: str
    question: str
    pages: tuple[str, ...]
    holds: Callable[[Measured], bool]
    figures: Callable[[Measured], dict[str, float]] = lambda _: {}

    def judged(self, measured: Measured) -> str:
        """What was seen, with the figures of this measurement."""
        return self.seen.format(**self.figures(measured))

    def broken(self, measured: Measured) -> str:
        """What is now untrue and where it stands, or nothing."""
        if self.holds(measured):
            return ""
        versions = measured.told["versions"]
        return (
            f'Channels {versions["channels"]}: of "{self.sentence}" these pages say '
            f"{self.verdict!r}, and the measurement no longer shows it: {', '.join(self.pages)}."
        )


CLAIMS = (
    Claim(
        "Sync consumers handle messages one after another.",
        "true, for all connections of the process together",
        "ten connections that wait at once take {ratio:.0f} times as long as one",
        "together",
        (SOLUTIONS, WAITING),
        lambda m: m.ratio("sync") > 5 and m.holds_up("sync", "sync"),
        lambda m: {"ratio": m.ratio("sync")},
    ),
    Claim(
        "A sync consumer runs in a thread pool, so it does not hold up the others.",
        "false",
        "one thread runs the sync handlers of all connections; while one waits, so does another",
        "holdup",
        (SOLUTIONS, WAITING),
        lambda m: m.holds_up("sync", "sync"),
    ),
    Claim(
        "Sync consumers can block the event loop.",
        "false",
        "while a sync consumer waits, a raw ASGI application and a page are answered at once",
        "holdup",
        (SOLUTIONS, WAITING),
        lambda m: m.leaves("sync", "raw", "http"),
    ),
    Claim(
        "A slow sync consumer degrades the whole application.",
        "half true",
        "it holds up every consumer of the process, the async ones too; pages go on",
        "holdup",
        (SOLUTIONS, WAITING),
        lambda m: m.holds_up("sync", "sync", "async") and m.leaves("sync", "raw", "http"),
    ),
    Claim(
        "Async consumers handle many connections concurrently.",
        "true, until one line blocks",
        "ten that wait at once take {good:.1f} times as long as one with `asyncio.sleep`, and "
        "{bad:.0f} times with `time.sleep`",
        "together",
        (SOLUTIONS, WAITING),
        lambda m: m.ratio("async") < 3 and m.ratio("async-blocking") > 5,
        lambda m: {"good": m.ratio("async"), "bad": m.ratio("async-blocking")},
    ),
    Claim(
        "An async consumer that blocks is no worse than a sync one.",
        "false",
        "while it waits, everything waits: pages and raw ASGI as well",
        "holdup",
        (SOLUTIONS, WAITING),
        lambda m: m.holds_up("async-blocking", "raw", "http", "async", "sync"),
    ),
    Claim(
        "A thread for each connection sets the sync consumers free.",
        "true",
        "ten that wait at once take {ratio:.1f} times as long as one; by `holdup`, nobody waits",
        "together",
        (SOLUTIONS, THREADS),
        lambda m: (
            m.ratio("sync-thread-each") < 3
            and m.leaves("sync-thread-each", "raw", "http", "async", "sync")
        ),
        lambda m: {"ratio": m.ratio("sync-thread-each")},
    ),
    Claim(
        "A thread for each connection costs nothing.",
        "false",
        "an idle sync connection takes {memory:.1f} times the memory, and a thread; 100 async ones "
        "handle {rate:.1f} times as many messages as without (`echo`)",
        "memory",
        (SOLUTIONS, THREADS),
        lambda m: (
            m.row("memory", way="sync-thread-each")["threads_per_connection"] >= 0.9
            and m.memory("sync-thread-each") > 1.3 * m.memory("sync")
            and m.rate("async-thread-each") < m.rate("async")
        ),
        lambda m: {
            "memory": m.memory("sync-thread-each") / m.memory("sync"),
            "rate": m.rate("async-thread-each") / m.rate("async"),
        },
    ),
    Claim(
        "Async consumers are more efficient with many connections.",
        "true",
        "without work, 100 connections get {many:.1f} times as many messages a second as with sync "
        "consumers, and a single one {one:.1f} times",
        "echo",
        (SOLUTIONS,),
        lambda m: (
            m.rate("async") > 1.3 * m.rate("sync")
            and 0.5 < m.rate("async", 1) / m.rate("sync", 1) < 2
        ),
        lambda m: {
            "many": m.rate("async") / m.rate("sync"),
            "one": m.rate("async", 1) / m.rate("sync", 1),
        },
    ),
    Claim(
        "Async consumers are better at querying a database.",
        "not by much",
        "Django's ORM runs each query in a thread, whoever asks; the async ORM answers {one:.1f} "
        "times as many messages a second as a sync consumer with 1 connection, {ten:.1f} with 10",
        "database",
        (SOLUTIONS,),
        lambda m: 0.5 < m.queries("async ORM") / m.queries("sync") < 2.5,
        lambda m: {
            "one": m.queries("async ORM", 1) / m.queries("sync", 1),
            "ten": m.queries("async ORM") / m.queries("sync"),
        },
    ),
    Claim(
        "An async consumer computes faster, or a sync one on many threads.",
        "false",
        "four connections that compute keep no more than {cores:.1f} cores busy, whichever way",
        "cpu",
        (SOLUTIONS,),
        lambda m: max(row["cores"] for row in m.questions["cpu"]) < 1.3,
        lambda m: {"cores": max(row["cores"] for row in m.questions["cpu"])},
    ),
)
