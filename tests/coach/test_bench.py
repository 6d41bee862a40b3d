"""`bench`: what it says follows from what it timed. How long anything takes is tested nowhere."""

import re
import sys

import pytest

from coach import course
from coach.bench import Race, command_timed, result_of, warm
from coach.bench.warm import Forked
from coach.evidence import CoachError
from coach.process import CAN_FORK
from coach.verbs.bench import row


def race(*, most: float | None = None, most_s: float | None = None) -> Race:
    """Runs of 1, 2, 3, … s beside a floor of half of that, in turns."""
    seconds = iter(range(1, 100))
    turns: list[float] = []

    def floor() -> float:
        turns.append(next(seconds))
        return turns[-1] / 2

    return Race("check 4", lambda: turns[-1], "bare imports", floor, most, most_s)


def test_the_first_round_does_not_count_and_the_median_of_the_others_does():
    result = result_of(race(), 7)

    assert (result.median_s, result.floor_s, result.ratio) == (5, 2.5, 2)


@pytest.mark.parametrize(
    ("most", "most_s", "is_held"),
    [
        (None, None, True), (2, None, True), (1.9, None, False),
        (2, 5, True), (2, 4.9, False), (1.9, 5, False),
    ],
)  # fmt: skip
def test_a_promise_holds_where_the_ratio_and_the_median_are_within_it(most, most_s, is_held):
    assert result_of(race(most=most, most_s=most_s), 7).is_held is is_held


def test_a_row_has_the_medians_the_ratio_and_the_promise():
    words = re.split(r"\s{2,}", row(result_of(race(most=1.3, most_s=0.25), 7)))

    assert words == ["check 4", "5.000", "2.500", "2.00", "1.3 and 0.25 s is missed",
                     "beside bare imports"]  # fmt: skip


def test_a_command_that_fails_is_no_measurement():
    with pytest.raises(CoachError, match="ended with 1: no such thing"):
        command_timed([sys.executable, "-c", "raise SystemExit('no such thing')"], codes=[0])()
    assert command_timed([sys.executable, "-c", "raise SystemExit(1)"], codes=[1])() > 0


@pytest.mark.skipif(not CAN_FORK, reason="there is no fork")
def test_the_bare_fork_opens_a_connection_each_time(tmp_path):
    folder = course.state(4)
    for path, data in folder.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    forked = Forked(tmp_path, warm.PATHS[4])
    try:
        assert [forked.fork() > 0 for _ in range(3)] == [True] * 3
    finally:
        forked.end()
