"""Runs a notebook from top to bottom in a fresh kernel, as `jupyter execute` does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from coach.process import clean_environ, end_strays

CELL_LIMIT_S, LIMIT_S = 60, 240
NOT_HERE = "Jupyter is not installed here. This brings it: python -m coach setup all"


def execute(path: Path, to: Path, mark: str | None = None) -> list[str]:
    """Execute the notebook, which stays as it is; the executed one is written into the folder `to`.

    What comes back is what went amiss, a sentence each: an exception, or what a cell has written to
    standard error, where warnings go. `mark` is in the environment of every process of it; where
    the time is over, they are ended by it.
    """
    mark = mark or f"NOTEBOOK_RUN={uuid4()}"
    name, _, value = mark.partition("=")
    scratch = to / "scratch"
    scratch.mkdir(parents=True)
    environ = clean_environ() | {
        name: value, "TMPDIR": str(scratch),
        "IPYTHONDIR": str(to / "ipython"), "JUPYTER_CONFIG_DIR": str(to / "config"),
        "JUPYTER_RUNTIME_DIR": str(to / "runtime"),
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyter", "execute", f"--timeout={CELL_LIMIT_S}"]
    try:
        ran = subprocess.run(
            [*command, f"--output={to / path.name}", str(path)],
            cwd=to, env=environ, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
            errors="replace", timeout=LIMIT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        end_strays(mark)
        return [f"it was still running after {LIMIT_S} s"]
    if ran.returncode:
        printed = ran.stderr.strip().splitlines() or ["nothing"]
        return [NOT_HERE if "No module named jupyter" in ran.stderr else "\n".join(printed[-30:])]
    left = sorted(one.name for one in scratch.iterdir())
    return [*spoken(json.loads((to / path.name).read_text("utf-8"))), *map(behind, left)]


def spoken(told: dict[str, Any]) -> list[str]:
    """What the cells of an executed notebook have written to standard error."""
    return [
        f"cell {cell['id']} writes to standard error: {''.join(output['text']).strip()}"
        for cell in told["cells"]
        for output in cell.get("outputs", ())
        if output.get("name") == "stderr"
    ]


def behind(name: str) -> str:
    return f"leaves {name} in the folder for temporary files"
