"""Causes in what a URLRouter is given, where it wants a list of entries."""

import re

from coach.diagnoses.catalogue import diagnosis
from coach.evidence import Evidence


@diagnosis("router-given-no-list")
def router_given_no_list(evidence: Evidence) -> str | None:
    wants = "URLRouter takes a list of entries made by path()"
    for link in evidence.error:
        last = link["frames"][-1] if link["frames"] else {}
        text = link["text"]
        in_router = last.get("file", "").endswith("routing.py") and not last["work"]
        if given := re.match(r"URLRouter\.__init__\(\) takes 2 positional .* (\d+) were", text):
            return f"{wants}, and has been given {int(given[1]) - 1} things"
        if not in_router:
            continue
        if whole := re.match(r"'(\w+)' object is not iterable", text):
            return f"{wants}, and has been given {_said(whole[1])}"
        item = re.match(r"(?:'(\w+)' object|module '\S+') has no attribute 'callback'", text)
        if item:
            kind = item[1] or "module"
            more = "; one pair of brackets is enough" if kind == "list" else ""
            return f"{wants}, and finds {_said(kind)} in it{more}"
    return None


def _said(kind: str) -> str:
    """A type as a learner would call what they have given."""
    said = {
        "module": "a module (name the list in it)",
        "URLPattern": "one entry without a list around it",
        "NoneType": "None (append and extend change a list and return None)",
        "str": "a text",
        "function": "a function, not called or not in path()",
        "URLRouter": "one that is a URLRouter already",
    }
    return said.get(kind, f"a {kind}")
