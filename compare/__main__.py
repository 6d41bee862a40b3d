"""`python -m compare`: the laboratory, with the Python that has the course's packages."""

import importlib.util
import sys

from coach.bootstrap import (
    BROKEN,
    NEEDED,
    inside_venv,
    is_installed,
    not_installed,
    run_in_venv,
    say,
)

if __name__ == "__main__":
    if not inside_venv() and is_installed("core"):
        sys.exit(run_in_venv(["-m", "compare", *sys.argv[1:]]))
    if not all(importlib.util.find_spec(name) for name in NEEDED):
        say(not_installed())
        sys.exit(BROKEN)

    from compare.cli import main

    sys.exit(main())
