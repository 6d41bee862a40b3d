"""Verdicts: noise only ever adds time, and where a run does not tell, nothing is guessed."""

import asyncio

import pytest

from compare import together
from compare.experiments import Crowd, Lane, Probe
from compare.holdup import Seen
from compare.rounds import in_turns, p95, summed_up
from compare.ways import SYNC

WAIT_S = 0.1
TOO_LONG = (
    "100 connections are left out: one wait at /ws/sc/ takes 0.2 s on this site, "
    "and the laboratory cannot make it shorter."
)


def crowd(waits: float, stalled_s: float = 0.0) -> Crowd:
    return Crowd([Lane(0.0, waits * WAIT_S)], stalled_s)


def verdict(*crowds: Crowd) -> str | None:
    return together.Runs(SYNC, 10, [crowd(1)] * len(crowds), [*crowds]).verdict


def test_slow_crowds_are_one_after_another() -> None:
    assert verdict(crowd(9.9), crowd(10.4), crowd(14)) == "one after another"


def test_one_quick_crowd_shows_that_they_can_wait_together() -> None:
    assert verdict(crowd(1.1), crowd(9.9), crowd(9.9)) == "together"


@pytest.mark.parametrize("middling", [3.4, 5, 6.6])
def test_crowds_in_between_are_too_noisy_to_tell(middling: float) -> None:
    assert verdict(crowd(middling), crowd(10), crowd(10)) == "too noisy to tell"


def test_slow_crowds_of_a_client_that_was_held_up_itself_do_not_tell() -> None:
    stalled = crowd(10, stalled_s=0.5)
    assert verdict(stalled, stalled, stalled) == "too noisy to tell"
    assert verdict(stalled, stalled, crowd(10)) == "too noisy to tell"


def probe(left: float, stalled: float = 0.0) -> Probe:
    return Probe(seconds=0.2, left=left, begun=0.1, stalled=stalled)


@pytest.mark.parametrize(
    ("probes", "held_up"),
    [
        ([probe(0.0)] * 3, True),
        ([probe(0.8)] * 3, False),
        ([probe(0.8), probe(0.0)], None),
        ([probe(0.0)], None),
        ([probe(0.0, stalled=0.5)] * 6, None),
        ([probe(0.0, stalled=0.5), probe(0.8), probe(0.8)], False),
        ([probe(0.8)] * 3 + [probe(0.0)], False),
    ],
)
def test_held_up_is_what_clear_runs_agree_on(probes: list[Probe], held_up: bool | None) -> None:
    assert Seen(probes).held_up is held_up


def test_contenders_take_turns_in_alternating_order() -> None:
    assert list(in_turns("abc", 3)) == [
        (0, "a"), (0, "b"), (0, "c"), (1, "c"), (1, "b"), (1, "a"), (2, "a"), (2, "b"), (2, "c"),
    ]  # fmt: skip


def test_summary_is_median_p95_spread_and_runs() -> None:
    assert summed_up([1.0, 2.0, 4.0]) == {"median": 2.0, "p95": 4.0, "spread": 1.5, "runs": 3}
    assert p95(range(1, 101)) == 95


@pytest.mark.parametrize(("pause_s", "says"), [(0.01, ""), (0.2, TOO_LONG)])
def test_a_hundred_are_left_out_where_they_would_wait_too_long(
    monkeypatch: pytest.MonkeyPatch, pause_s: float, says: str
) -> None:
    async def crowd_of(*_: object) -> Crowd:
        return Crowd([Lane(0.0, pause_s)], 0.0)

    monkeypatch.setattr(together, "crowd_of", crowd_of)
    assert asyncio.run(together.why_left_out(object(), [SYNC], 100)) == says
    assert asyncio.run(together.why_left_out(object(), [SYNC], 10)) == ""
