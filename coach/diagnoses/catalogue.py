"""How an entry of the catalogue is written."""

from collections.abc import Callable
from dataclasses import dataclass

from coach.evidence import Evidence, Told


@dataclass(frozen=True)
class Because:
    """A reason together with the place that the report should look at."""

    why: str
    place: Told | None = None


Finder = Callable[[Evidence], "str | Because | None"]
CATALOGUE: dict[str, Finder] = {}


def diagnosis(ident: str) -> Callable[[Finder], Finder]:
    """Register a function under an identifier of the catalogue."""

    def register(find: Finder) -> Finder:
        if ident in CATALOGUE:
            raise ValueError(f"two diagnoses are called {ident}")
        CATALOGUE[ident] = find
        return find

    return register


def in_file(file: str, line: int = 0, name: str = "") -> Told:
    """A place in the learner's folder."""
    return {"file": file, "line": line, "name": name, "work": True}


def line_with(evidence: Evidence, file: str, *words: str) -> Told:
    """The first line of a learner's file that contains one of these words, for `look at`.

    Only for pointing: which file is at fault has to be established before.
    """
    text = evidence.tree.get(file, b"").decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        if any(word in line for word in words) and not line.lstrip().startswith("#"):
            return in_file(file, number)
    return in_file(file)
