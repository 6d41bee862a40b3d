"""Causes that stop the learner's process: hangs, exits, floods of output, recursion."""

import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.evidence import Evidence, place_named


def _source(evidence: Evidence) -> str:
    """The text of the line that the evidence points at."""
    place = evidence.place
    if not place or not place["work"]:
        return ""
    lines = evidence.tree.get(place["file"], b"").decode("utf-8", "replace").splitlines()
    return lines[place["line"] - 1].strip() if 0 < place["line"] <= len(lines) else ""


@diagnosis("hang-at-import")
def hang_at_import(evidence: Evidence) -> str | None:
    if evidence.kind != "hang" or evidence.stage != "import":
        return None
    if not evidence.place:
        return "the import of the site never ends, so a server could not start"
    return f"the import of the site never gets past this line: {_source(evidence)}"


@diagnosis("hang-in-handler")
def hang_in_handler(evidence: Evidence) -> str | None:
    if evidence.kind == "hang" and evidence.stage in ("handler", "test") and evidence.place:
        return f"the code had not come past this line when the time was over: {_source(evidence)}"
    return None


@diagnosis("too-much-output")
def too_much_output(evidence: Evidence) -> str | None:
    if evidence.kind != "flood":
        return None
    line = f", last from this line: {_source(evidence)}" if evidence.place else ""
    return f"the site prints without end{line}"


@diagnosis("sends-without-end")
def sends_without_end(evidence: Evidence) -> str | None:
    if evidence.kind == "endless" and evidence.place:
        return f"this line is reached again and again, and sends each time: {_source(evidence)}"
    return None


@diagnosis("exit-at-import")
def exit_at_import(evidence: Evidence) -> str | None:
    if evidence.raised("SystemExit") and evidence.kind == "not-loaded":
        return "a module of the site ends Python (SystemExit) while a server imports it"
    return None


@diagnosis("exit-in-handler")
def exit_in_handler(evidence: Evidence) -> str | None:
    if evidence.raised("SystemExit") and evidence.kind == "raised":
        return "a handler ends Python (SystemExit); a server would go down with it"
    return None


@diagnosis("process-ended")
def process_ended(evidence: Evidence) -> Because | str | None:
    """`os._exit`, `os.kill` and `os.abort` name themselves; a crash leaves Python's last words."""
    if evidence.kind != "left":
        return None
    if evidence.place:
        return f"this line ends the whole process: {_source(evidence)}"
    for file, line in re.findall(r'File "([^"]+)", line (\d+)', evidence.output):
        known = [path for path in evidence.tree if file.endswith("/" + path)]
        if known:
            return Because("the process crashed at this line", in_file(known[0], int(line)))
    return None


@diagnosis("endless-recursion")
def endless_recursion(evidence: Evidence) -> str | None:
    error = evidence.raised("RecursionError")
    if error is None:
        return None
    ours = [frame for frame in error["frames"] if frame["work"]]
    last = f", at last here: {place_named(ours[-1])}" if ours else ""
    return f"a function calls itself without end{last}"
