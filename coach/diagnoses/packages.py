"""Causes in packages that are not the learner's own: a module or a name that they do not have."""

import ast
import re
from difflib import get_close_matches

from coach.diagnoses.catalogue import diagnosis
from coach.diagnoses.lines import missing_module
from coach.diagnoses.names import FORMER, KNOWN
from coach.diagnoses.syntax import tree_of
from coach.evidence import Evidence


@diagnosis("module-not-found")
def module_not_found(evidence: Evidence) -> str | None:
    missing = missing_module(evidence)
    package, _, inner = missing.partition(".")
    is_theirs = any(re.search(rf"(^|/){package}(\.py$|/)", path) for path in evidence.tree)
    ours = [frame for link in evidence.error[:1] for frame in link["frames"] if frame["work"]]
    if not missing or is_theirs or not ours or evidence.kind != "not-loaded":
        return None
    if inner:
        asked = imported_at(evidence, ours[-1]["file"], ours[-1]["line"])
        instead = "".join(f"; {FORMER[name]}" for name in asked if name in FORMER)
        return f"the package {package} has no module {missing}{instead}"
    return f"no package called {missing} is installed, and your site has none"


@diagnosis("name-misspelt-in-import")
def name_misspelt_in_import(evidence: Evidence) -> str | None:
    """A name that a module of Django or Channels does not have: another spelling of one that it
    has, one that comes from elsewhere, or one that nothing below uses."""
    error = evidence.raised("ImportError", "cannot import name")
    found = (
        re.search(r"cannot import name '(\w+)' from '([\w.]+)'", error["text"]) if error else None
    )
    if error is None or not found or found[2].split(".")[0] not in ("channels", "django"):
        return None
    name, lacks = found[1], f"{found[2]} has nothing called {found[1]}"
    if name in KNOWN:
        return f"{lacks}; it comes with `{KNOWN[name]}`"
    if name in FORMER:
        return f"{lacks}; {FORMER[name]}"
    near = get_close_matches(name, error.get("has", ()), 1, 0.7)
    if near:
        return f"{lacks}; the name in it that is spelt most like that is {near[0]}"
    ours = [frame for frame in error["frames"] if frame["work"]]
    is_idle = bool(ours) and not is_read(evidence, ours[-1]["file"], name)
    return f"{lacks}, and nothing in this file uses it: this import can go" if is_idle else lacks


def imported_at(evidence: Evidence, file: str, line: int) -> list[str]:
    """The names that the import on this line takes out of a module."""
    for node in ast.walk(tree_of(evidence, file)):
        if isinstance(node, ast.ImportFrom) and node.lineno <= line <= (node.end_lineno or line):
            return [alias.name for alias in node.names]
    return []


def is_read(evidence: Evidence, file: str, name: str) -> bool:
    """Whether an expression of a file uses a name."""
    names = [node for node in ast.walk(tree_of(evidence, file)) if isinstance(node, ast.Name)]
    return any(node.id == name and isinstance(node.ctx, ast.Load) for node in names)
