"""What every test stands on: the finished site at the root of the repository, set up once."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

ROOT = Path(__file__).resolve().parent.parent

sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "gs2.settings"
django.setup()


from coach.process import Launcher  # noqa: E402  (the import path has to be set first)


def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than there are cores, as many tests wait for something that waits."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """One warm process, forked for every check that a test runs in its own process."""
    with Launcher() as one:
        yield one
