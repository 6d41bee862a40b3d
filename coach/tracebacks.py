"""Exceptions read back out of what a server has printed, in the form that `Witness` gives them."""

import re
from typing import Any

Told = dict[str, Any]
BEGINS = "Traceback (most recent call last):"
LINKS = ("The above exception was the direct cause", "During handling of the above exception")
FRAME = re.compile(r'\s+File "(.+?)", line (\d+)(?:, in (.+))?')
ERROR = re.compile(r"((?:\w+\.)*[A-Z]\w*)(?:: (.*))?")


def last_error(output: str, folder: str) -> list[Told]:
    """The last chain of exceptions in a server's output, the first cause first.

    Frames in `folder` are the learner's own. Empty where nothing was raised, or where the
    chain cannot be read. A SyntaxError of the file that Python was given has no heading.
    """
    chain: list[Told] = []
    frames: list[Told] | None = None
    source = ""
    is_linked = False
    for line in output.splitlines():
        if line.endswith(BEGINS):
            chain, frames, is_linked = (chain if is_linked else []), [], False
        elif line.startswith(LINKS):
            is_linked = True
        elif (found := FRAME.match(line)) and (frames is not None or not found[3]):
            frames = [*(frames or []), _frame(found, folder)]
            source = ""
        elif frames is not None and line[:1].isspace():
            source = source or line.strip()
        elif (found := ERROR.fullmatch(line)) and (
            frames is not None or found[1] == "CommandError"
        ):
            chain = chain if frames is not None else []
            chain.append(_link(found, frames or [], source))
            frames = None
    return chain


def _frame(found: re.Match[str], folder: str) -> Told:
    """One frame; a learner's file by its path in their folder."""
    file, name = found[1].replace("\\", "/"), found[3] or ""
    root = folder.replace("\\", "/").rstrip("/") + "/"
    ours = file.startswith(root)
    return {"file": file.removeprefix(root), "line": int(found[2]), "name": name, "work": ours}


def _link(found: re.Match[str], frames: list[Told], source: str) -> Told:
    module, _, kind = found[1].rpartition(".")
    told: Told = {"type": kind, "module": module, "text": found[2] or "", "frames": frames}
    if frames and not frames[-1]["name"]:  # only the place of a SyntaxError has no name
        told["source"] = source
    return told
