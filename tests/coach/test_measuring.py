"""What lessons 6 and 7 measure with: what is kept, what is repeated, and when nothing is said."""

import asyncio
import importlib
import threading
import time

import pytest

from coach import course, measuring
from coach.child.pulse import Pulse
from coach.child.witness import Witness
from coach.conversation import Story
from coach.evidence import CoachError, Compared, Failure
from coach.learner import Learner
from coach.report import Report, StepReport
from coach.screen import report_lines
from coach.site import Site
from compare.experiments import Crowd, Lane, Probe

# -- predictions, and what was predicted at first ------------------------------------------------


def report_on(predicted: str, measured: str) -> Report:
    """Lesson 6 with one step, which compared one prediction."""
    agrees = predicted == measured
    row = Compared("ten counts at /ws/sc/", measured, "TEN_AT_SC_S", predicted, agrees)
    state = "passed" if agrees else "failed"
    return Report(6, "Waiting", "work", steps=[StepReport(1, "Ten", state, compared=[row])])


def shown(report: Report) -> list[str]:
    lines = [line.plain for line in report_lines(report, hint=False)]
    return [line for line in lines if "predicted" in line or "ten counts" in line]


def test_prediction_stands_beside_what_was_measured(work):
    learner = Learner.at(str(work))
    report = report_on("0.2 s", "2.0 s")
    learner.remember(report)
    learner.recall(report)

    assert shown(report) == [
        "                                              predicted  measured",
        "     ≠ ten counts at /ws/sc/                  0.2 s      2.0 s",
    ]


def test_changed_prediction_keeps_the_first(work):
    learner = Learner.at(str(work))
    for predicted in ("0.2 s", "1 s", "2.0 s"):
        report = report_on(predicted, "2.0 s")
        learner.remember(report)
        learner.recall(report)

    assert shown(report) == [
        "                                              predicted  measured   at first",
        "       ten counts at /ws/sc/                  2.0 s      2.0 s      0.2 s",
    ]
    assert learner.progress()[6]["first"] == {"TEN_AT_SC_S": "0.2 s"}


def test_what_nobody_predicted_stands_alone():
    report = Report(7, "Threads", "work", steps=[StepReport(3, "Five", "passed")])
    report.steps[0].compared = [Compared("5 at once at /ws/report/", "1.0 × one alone")]

    assert [line.plain for line in report_lines(report)][2] == (
        "       5 at once at /ws/report/               1.0 × one alone"
    )


@pytest.mark.parametrize("damaged", [None, [], "tea", 3])
def test_damaged_first_predictions_are_begun_anew(work, damaged):
    learner = Learner.at(str(work))
    learner.set_progress(6, {"passed": 0, "of": 1, "done": False, "first": damaged})
    report = report_on("2.0 s", "2.0 s")

    learner.remember(report)
    learner.recall(report)

    assert learner.progress()[6]["first"] == {"TEN_AT_SC_S": "2.0 s"}


# -- who was held up -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "held_up"), [(0.8, False), (0.25, False), (0.2, None), (0.1, True), (-0.1, True)]
)
def test_probe_is_judged_by_how_much_of_the_wait_was_left(left, held_up):
    assert Probe(seconds=0.1, left=left, begun=0.1, stalled=0.0).held_up is held_up


def test_probe_that_asked_before_the_wait_says_nothing():
    assert Probe(seconds=0.1, left=0.8, begun=-0.1, stalled=0.0).held_up is None


def test_probe_of_a_client_that_was_held_up_itself_says_nothing():
    assert Probe(seconds=0.1, left=-0.1, begun=0.1, stalled=0.3).held_up is None


# -- what is measured again ----------------------------------------------------------------------


class FakeSite:
    """A site of which only the server and the story are asked."""

    def __init__(self) -> None:
        self.story = Story()

    async def served(self) -> "FakeSite":
        return self

    def dial(self, path: str) -> None:
        raise AssertionError(path)


def crowd(seconds: float, stalled_s: float = 0.0) -> Crowd:
    return Crowd([Lane(0.0, seconds)], stalled_s)


def together(monkeypatch, runs: list[Crowd], expected_s: float) -> float:
    """What is measured where the experiment gives these runs."""
    left = iter(runs)

    async def experiment(*_: object) -> Crowd:
        return next(left)

    monkeypatch.setattr("compare.experiments.together", experiment)
    measured = measuring.together(FakeSite(), "/ws/sc/", 10, lambda s: s < 2 * expected_s)
    seconds = asyncio.run(measured)
    assert not list(left)
    return seconds


def test_run_as_expected_is_not_repeated(monkeypatch):
    assert together(monkeypatch, [crowd(0.2)], expected_s=0.2) == 0.2


def test_run_that_is_not_as_expected_is_repeated_and_the_least_counts(monkeypatch):
    assert together(monkeypatch, [crowd(2.0), crowd(0.3)], expected_s=0.2) == 0.3
    assert together(monkeypatch, [crowd(2.0), crowd(2.1)], expected_s=0.2) == 2.0


def test_run_in_which_the_client_was_held_up_counts_for_nothing(monkeypatch):
    runs = [crowd(0.9, stalled_s=0.7), crowd(0.2)]

    assert together(monkeypatch, runs, expected_s=0.2) == 0.2


BUSY = (
    "This machine is too busy to tell who waits for whom: in every run the client itself was held "
    "up. Close what else is at work, then check again."
)


def test_machine_on_which_no_run_counts_is_named(monkeypatch):
    with pytest.raises(CoachError) as caught:
        together(monkeypatch, [crowd(0.9, stalled_s=0.7)] * measuring.MOST_RUNS, expected_s=0.2)

    assert str(caught.value) == BUSY


def probe(left: float) -> Probe:
    return Probe(seconds=0.1, left=left, begun=0.1, stalled=0.0)


def held_up(monkeypatch, runs: list[dict[str, Probe]], expects: dict[str, bool]) -> dict[str, bool]:
    """What is measured where the runs of the experiment give these probes."""
    left = iter(runs)
    asked = []

    async def experiment(_dial, _path, probes, _wait_s):
        asked.append(set(probes))
        told = next(left)
        return {name: told[name] for name in probes}

    async def arrivals(*_: object) -> list[float]:
        return [0.2, 0.4, 0.6]

    monkeypatch.setattr("compare.experiments.holdup", experiment)
    monkeypatch.setattr("compare.experiments.arrivals", arrivals)
    probes = dict.fromkeys(expects, None)
    found = asyncio.run(measuring.held_up(FakeSite(), "/ws/sc/", probes, expects))
    assert not list(left)
    return found


def test_probe_that_is_as_expected_is_not_repeated(monkeypatch):
    runs = [{"page": probe(0.8), "sync": probe(-0.1)}]

    found = held_up(monkeypatch, runs, {"page": False, "sync": True})

    assert found == {"page": False, "sync": True}


def test_probe_that_once_was_not_held_up_is_not(monkeypatch):
    runs = [{"page": probe(-0.1)}, {"page": probe(0.8)}]

    assert held_up(monkeypatch, runs, {"page": False}) == {"page": False}


def test_probe_that_was_held_up_twice_is_held_up(monkeypatch):
    runs = [{"page": probe(-0.1)}, {"page": probe(-0.1)}]

    assert held_up(monkeypatch, runs, {"page": False}) == {"page": True}


def test_probe_that_does_not_tell_is_asked_again(monkeypatch):
    runs = [{"page": probe(0.2), "sync": probe(-0.1)}, {"page": probe(0.8), "sync": probe(-0.1)}]

    found = held_up(monkeypatch, runs, {"page": False, "sync": True})

    assert found == {"page": False, "sync": True}


def test_probes_that_never_tell_are_the_machine_s_doing(monkeypatch):
    with pytest.raises(CoachError) as caught:
        held_up(monkeypatch, [{"page": probe(0.2)}] * measuring.MOST_RUNS, {"page": False})

    assert str(caught.value) == BUSY


# -- an event loop that stands still -------------------------------------------------------------

CODE = """
import asyncio, time

def report():
    time.sleep(0.3)

async def blocks():
    report()

async def lets_go():
    await asyncio.to_thread(report)
"""


def pulse_during(tmp_path, monkeypatch, name: str) -> dict[str, object]:
    """What a pulse says of a coroutine of a learner's file."""
    (tmp_path / "tea.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    module = importlib.import_module("tea")
    monkeypatch.delitem(importlib.sys.modules, "tea")

    async def run():
        pulse = Pulse(Witness(str(tmp_path)), asyncio.get_running_loop())
        await getattr(module, name)()
        return pulse.end()

    return asyncio.run(run())


def test_line_that_holds_the_loop_is_named_by_the_coroutine_that_calls_it(tmp_path, monkeypatch):
    told = pulse_during(tmp_path, monkeypatch, "blocks")

    assert told["held_s"] > 0.2
    assert (told["place"]["file"], told["place"]["line"]) == ("tea.py", 8)


def test_line_that_runs_in_another_thread_does_not_hold_the_loop(tmp_path, monkeypatch):
    told = pulse_during(tmp_path, monkeypatch, "lets_go")

    assert told == {"held_s": 0.0, "place": None}


def test_loop_that_stands_still_by_itself_is_nobody_s_line(tmp_path):
    async def run():
        pulse = Pulse(Witness(str(tmp_path)), asyncio.get_running_loop())
        time.sleep(0.1)  # noqa: ASYNC251  (this file is not the learner's)
        return pulse.end()

    assert asyncio.run(run())["place"] is None


def test_pulse_leaves_no_thread_behind(tmp_path, monkeypatch):
    before = set(threading.enumerate())

    pulse_during(tmp_path, monkeypatch, "blocks")

    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


# -- the predictions in the learner's file -------------------------------------------------------


class Told:
    """A site whose process answers with these values."""

    def __init__(self, **values: object) -> None:
        self.values = values

    async def ask(self, *_: object) -> dict[str, object]:
        return {"say": "values", "values": self.values}

    def evidence(self, *_: object, **__: object) -> None:
        return None


def predictions(**values: object) -> dict[str, object]:
    kinds = {"TEN_AT_SC_S": float, "OVERLAP": bool}
    return asyncio.run(measuring.predictions(Told(**values), "myapp.predictions", kinds))


@pytest.mark.parametrize("seconds", [2, 2.0, 0.2])
@pytest.mark.parametrize("claim", [True, False, 1, 0])
def test_numbers_and_claims_are_taken(seconds, claim):
    values = {"TEN_AT_SC_S": seconds, "OVERLAP": claim}

    assert predictions(**values, OTHER="tea") == values


@pytest.mark.parametrize(
    ("values", "expected", "got"),
    [
        ({}, "TEN_AT_SC_S = a number of seconds", "no name TEN_AT_SC_S"),
        (
            {"TEN_AT_SC_S": None},
            "TEN_AT_SC_S = a number of seconds",
            "TEN_AT_SC_S = None",
        ),
        ({"TEN_AT_SC_S": True}, "TEN_AT_SC_S = a number of seconds", "TEN_AT_SC_S = True"),
        ({"TEN_AT_SC_S": 0}, "TEN_AT_SC_S = a number of seconds", "TEN_AT_SC_S = 0"),
        ({"TEN_AT_SC_S": float("nan")}, "TEN_AT_SC_S = a number of seconds", "TEN_AT_SC_S = nan"),
        ({"TEN_AT_SC_S": 2, "OVERLAP": "no"}, "OVERLAP = True or False", "OVERLAP = 'no'"),
        ({"TEN_AT_SC_S": 2, "OVERLAP": []}, "OVERLAP = True or False", "OVERLAP = []"),
        (
            {"TEN_AT_SC_S": {"$object": "ellipsis", "text": "Ellipsis"}},
            "TEN_AT_SC_S = a number of seconds",
            "TEN_AT_SC_S = an object of ellipsis",
        ),
    ],
)
def test_other_values_are_refused_by_name(values, expected, got):
    with pytest.raises(Failure) as caught:
        predictions(**values)

    assert (caught.value.expected, caught.value.got) == (expected, got)


# -- an experiment that does not come to its end -------------------------------------------------


class Talks:
    """A server that only evidence is asked of."""

    def evidence(self, kind: str) -> None:
        return None


def outcome(run) -> Failure:
    with pytest.raises(Failure) as caught:
        asyncio.run(measuring.experiment(Talks(), "an answer", run))
    return caught.value


def test_experiment_without_an_end_is_a_failure(monkeypatch):
    monkeypatch.setattr(measuring, "EXPERIMENT_LIMIT_S", 0.01)

    failure = outcome(asyncio.Event().wait())

    assert (failure.expected, failure.got) == ("an answer", "no end within 0.01 s")


def test_experiment_that_hears_something_else_is_a_failure():
    async def run():
        raise measuring.WrongAnswer("count 1", "1", "1: count 1")

    failure = outcome(run())

    assert (failure.expected, failure.got) == ('"1"', 'the frame "1: count 1" to "count 1"')


def test_experiment_that_loses_its_connection_is_a_failure():
    async def run():
        raise ConnectionResetError("gone")

    assert outcome(run()).got == "ConnectionResetError: gone"


# -- a file that stays as it was handed out ------------------------------------------------------


@pytest.mark.parametrize(("mine", "notes"), [(None, 0), (b"", 0), (b"\n# mine\n", 1)])
def test_handed_out_file_is_what_runs_whatever_the_learner_s_says(tmp_path, mine, notes):
    given = course.lesson(6).handout["myapp/trap.py"]
    trap = tmp_path / "myapp" / "trap.py"
    trap.parent.mkdir()
    if mine is not None:
        trap.write_bytes(given + mine)
    site = Site(launcher=None, folder=str(tmp_path))

    measuring.put_given(site, "06-waiting", "myapp/trap.py")

    assert trap.read_bytes() == given
    said = f"{trap} is not as it was handed out; the check ran the one that was."
    assert [*site.story.notes] == [said] * notes
