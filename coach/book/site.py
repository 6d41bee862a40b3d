"""From sources to a site: Sphinx, and the folder that it goes to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from coach.evidence import CoachError
from coach.process import clean_environ

CONFIGURATION = Path(__file__).parent
MARKER = ".book"
NOT_HERE = "Sphinx is not installed here. This brings it: python -m coach setup all"
SAID = "Made by `make book`, which removes whatever lies in this folder when it is run again.\n"


def build(sources: Path, into: Path) -> None:
    """Build the site into a new folder; a `CoachError` with every warning where there is one."""
    command = [
        sys.executable, "-m", "sphinx", "--builder", "html", "--fail-on-warning", "--quiet",
        "--conf-dir", str(CONFIGURATION), "--doctree-dir", str(into.with_name("doctrees")),
        "--jobs", "auto", "--no-color", str(sources), str(into),
    ]  # fmt: skip
    ran = subprocess.run(
        command, cwd=sources, env=clean_environ() | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace",
        check=False,
    )  # fmt: skip
    if "No module named sphinx" in ran.stderr:
        raise CoachError(NOT_HERE)
    if ran.returncode:
        warnings = ran.stderr.replace(f"{sources}{os.sep}", "").strip()
        raise CoachError(f"Sphinx finds fault with the pages:\n{warnings}")


def refuse_foreign(folder: Path) -> None:
    """A `CoachError` where a book would overwrite something that is none."""
    if folder.is_dir():
        if not any(folder.iterdir()) or (folder / MARKER).is_file():
            return
        seen = "holds files, and is no book that make book has made"
    elif os.path.lexists(folder):
        seen = "is not a folder"
    else:
        return
    raise CoachError(
        f"{folder} {seen}: it has no file {MARKER}. Nothing was changed. Move it out of the way, "
        "or name another folder with --out."
    )


def put(site: Path, folder: Path) -> None:
    """Bring a site into its folder, in the place of the book that was there.

    The marker is there before everything else and stays, so that whatever interrupts this leaves
    a folder that the next book may take.
    """
    refuse_foreign(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(SAID, "utf-8")
    for one in folder.iterdir():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        elif one.name != MARKER:
            one.unlink()
    shutil.copytree(site, folder, dirs_exist_ok=True)
