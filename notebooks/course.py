"""What the notebooks import: states of the site, tapes, measurements and pictures.

Jupyter runs a notebook in the folder in which it lies, and so finds this file. The course's root
is on the import path only while this file is read: `gs2` and `myapp` are to be those of `state`.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[1])

sys.path.insert(0, ROOT)
try:
    from coach.notebook import draw
    from coach.notebook.exercise import judge
    from coach.notebook.measure import measure, versions
    from coach.notebook.state import Outcome, State, state
    from coach.notebook.tape import Tape
    from coach.valkey import running as valkey
finally:
    sys.path.remove(ROOT)

__all__ = ["Outcome", "State", "Tape", "draw", "judge", "measure", "state", "valkey", "versions"]
