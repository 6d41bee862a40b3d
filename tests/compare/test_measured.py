"""What the course says about sync and async consumers, measured anew on both servers.

When one of these fails after a new release, the pages that its message names have become untrue.
"""

import pytest

from compare.claims import CLAIMS, Claim, Measured

LESSON_6, SOLUTIONS = "lessons/06-waiting/README.md", "solutions/README.md"
LESSON_7 = "lessons/07-threads/README.md"

# What is said of waiting: rates differ too much from run to run for a test.
OF_WAITING = [claim for claim in CLAIMS if claim.question in ("together", "holdup")]

# Who is held up by whom: the second table of the facts, with HTTP beside it.
HELD_UP = {
    "sync": {"raw": False, "http": False, "async": True, "sync": True},
    "sync-thread-each": {"raw": False, "http": False, "async": False, "sync": False},
    "async": {"raw": False, "http": False, "async": False, "sync": False},
    "async-blocking": {"raw": True, "http": True, "async": True, "sync": True},
}
PROBES = {
    "raw": "a raw ASGI application", "http": "a page", "async": "an async consumer",
    "sync": "a sync consumer",
}  # fmt: skip


@pytest.mark.parametrize("waiting", HELD_UP)
def test_who_is_held_up_is_what_the_pages_say(measured, waiting: str) -> None:
    page = LESSON_7 if waiting == "sync-thread-each" else LESSON_6
    rows = [row for row in measured.told["questions"]["holdup"] if row["waiting"] == waiting]
    assert {row["probe"] for row in rows} == set(PROBES)
    for row in rows:
        expected = HELD_UP[waiting][row["probe"]]
        assert row["held_up"] is expected, (
            f"{measured.channels} on {measured.server}: {page} and {SOLUTIONS} say that a waiting "
            f"{waiting} consumer {'holds' if expected else 'does not hold'} up "
            f"{PROBES[row['probe']]}. This is no longer so: held_up is {row['held_up']}."
        )


@pytest.mark.parametrize("claim", OF_WAITING, ids=lambda claim: claim.sentence)
def test_common_sentence_has_the_verdict_that_the_pages_give_it(measured, claim: Claim) -> None:
    assert claim.broken(Measured(measured.told)) == ""


def test_a_thread_for_each_connection_has_its_price(measured) -> None:
    of = {row["way"]: row for row in measured.told["questions"]["memory"]}
    assert [of[way]["threads_per_connection"] for way in ("raw", "sync", "async")] == [0, 0, 0]
    for way in ("sync", "async"):
        assert of[f"{way}-thread-each"]["threads_per_connection"] == 1
        assert (
            of[f"{way}-thread-each"]["kib_per_connection"] > 1.2 * of[way]["kib_per_connection"]
        ), f"{SOLUTIONS} says that a thread for each connection costs memory."


def test_computing_keeps_one_core_busy_whatever_the_way(measured) -> None:
    rows = measured.told["questions"]["cpu"]
    assert len(rows) == 6
    assert all(0 < row["cores"] < 1.3 for row in rows), rows
    assert (
        "Nobody wins: in one process, Python computes in one thread at a time (the GIL).\n"
        in measured.ran.out
    )


def test_sites_sync_consumers_share_a_thread_before_lesson_7(measured) -> None:
    assert measured.told["own_threads"] is False
    assert "its own thread" not in measured.ran.out


def test_no_process_stays_behind(measured) -> None:
    assert measured.left == []
