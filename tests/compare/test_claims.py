"""The common sentences and their verdicts: each can turn out broken, and says so by name."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compare.claims import CLAIMS, Claim, Measured

ROOT = Path(__file__).resolve().parents[2]
Told = dict[str, Any]
Change = Callable[[Told], None]


@pytest.fixture
def told() -> Told:
    """The measurement that solutions/README.md shows, to be changed by a test."""
    return copy.deepcopy(json.loads((ROOT / "solutions/measured.json").read_text("utf-8")))


def put(question: str, column: str, value: object, **names: object) -> Change:
    """A change of one column in the rows with these values."""

    def change(told: Told) -> None:
        rows = [row for row in told["questions"][question] if names.items() <= row.items()]
        assert rows
        for row in rows:
            row[column] = value

    return change


def held(value: object, waiting: str, probe: str) -> Change:
    return put("holdup", "held_up", value, waiting=waiting, probe=probe)


def ratio(value: float, way: str) -> Change:
    return put("together", "ratio", value, way=way, connections=10)


# What a measurement would have to show for each sentence's verdict to be broken.
BREAKS = {
    "Sync consumers handle messages one after another.": [
        ratio(1.1, "sync"), held(False, "sync", "sync"), held(None, "sync", "sync"),
    ],
    "A sync consumer runs in a thread pool, so it does not hold up the others.": [
        held(False, "sync", "sync"),
    ],
    "Sync consumers can block the event loop.": [
        held(True, "sync", "raw"), held(True, "sync", "http"), held(None, "sync", "raw"),
    ],
    "A slow sync consumer degrades the whole application.": [
        held(False, "sync", "async"), held(True, "sync", "http"),
    ],
    "Async consumers handle many connections concurrently.": [
        ratio(9.0, "async"), ratio(1.1, "async-blocking"),
    ],
    "An async consumer that blocks is no worse than a sync one.": [
        held(False, "async-blocking", "http"), held(False, "async-blocking", "raw"),
    ],
    "A thread for each connection sets the sync consumers free.": [
        ratio(9.0, "sync-thread-each"), held(True, "sync-thread-each", "async"),
    ],
    "A thread for each connection costs nothing.": [
        put("memory", "threads_per_connection", 0, way="sync-thread-each"),
        put("memory", "kib_per_connection", 1, way="sync-thread-each"),
        put("echo", "per_second", 1_000_000, way="async-thread-each"),
    ],
    "Async consumers are more efficient with many connections.": [
        put("echo", "per_second", 1_000_000, way="sync", connections=100),
        put("echo", "per_second", 1_000_000, way="async", connections=1),
    ],
    "Async consumers are better at querying a database.": [
        put("database", "per_second", 1_000_000, way="async ORM"),
    ],
    "An async consumer computes faster, or a sync one on many threads.": [
        put("cpu", "cores", 2.0, way="sync-thread-each"),
    ],
}  # fmt: skip


def test_every_sentence_can_be_broken() -> None:
    assert {claim.sentence for claim in CLAIMS} == BREAKS.keys()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.sentence)
def test_broken_sentence_names_channels_and_the_pages(claim: Claim, told: Told) -> None:
    for change in BREAKS[claim.sentence]:
        changed = copy.deepcopy(told)
        change(changed)
        assert claim.broken(Measured(changed)) == (
            f'Channels {told["versions"]["channels"]}: of "{claim.sentence}" these pages say '
            f"{claim.verdict!r}, and the measurement no longer shows it: {', '.join(claim.pages)}."
        )


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.sentence)
def test_sentence_holds_for_what_the_page_shows(claim: Claim, told: Told) -> None:
    assert claim.broken(Measured(told)) == ""
    assert all((ROOT / page).is_file() for page in claim.pages)


def test_row_that_was_left_out_is_named(told: Told) -> None:
    with pytest.raises(LookupError) as caught:
        Measured(told).ratio("tea")

    assert str(caught.value) == "together has no row {'way': 'tea', 'connections': 10}"
