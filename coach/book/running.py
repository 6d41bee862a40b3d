"""Every notebook executed in a fresh kernel, as many side by side as there are cores."""

import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

from coach.evidence import CoachError
from coach.notebook.execute import execute
from coach.process import end_strays

COLOURS = re.compile(r"\x1b\[[\d;]*m")


def executed(
    notebooks: Mapping[str, Path], into: Path, tell: Callable[[str], None]
) -> dict[str, Path]:
    """The notebooks with their outputs, by the same names, in folders below `into`.

    A `CoachError` where one does not run from top to bottom. `tell` hears of each that has.
    """
    # Any value of this has Python write nothing into the repository, from which the notebooks
    # import; one of its own tells which processes are theirs.
    mark = f"PYTHONDONTWRITEBYTECODE={uuid4()}"

    def one(slug: str) -> list[str]:
        amiss = execute(notebooks[slug], into / slug, mark)
        tell(slug)
        return [f"notebooks/{slug}.ipynb does not run cleanly: {text}" for text in amiss]

    try:
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            found = [text for some in pool.map(one, notebooks) for text in some]
    finally:
        end_strays(mark)  # a kernel that is interrupted leaves its servers behind
    if found:
        raise CoachError(COLOURS.sub("", "\n".join(found)))
    return {slug: into / slug / path.name for slug, path in notebooks.items()}
