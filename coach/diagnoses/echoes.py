"""Causes in a message that does not come back as it came: it was changed, or never used."""

import ast
import re

from coach.diagnoses.catalogue import Because, diagnosis
from coach.diagnoses.syntax import function_at
from coach.evidence import Evidence, Frame


@diagnosis("message-changed")
def message_changed(evidence: Evidence) -> str | None:
    """`event["text"].strip()`, or `.lower()`: the number is right."""
    asked, came = _rest(evidence.wanted), _rest(evidence.frame)
    if evidence.kind != "wrong" or not asked or not came or asked[0] != came[0]:
        return None
    if asked[1] == came[1]:
        return None
    if asked[1].strip() == came[1].strip():
        return "the message goes back as it came, and here the spaces around it are not the same"
    if asked[1].lower() == came[1].lower():
        return "the message goes back as it came, and here its capitals are not the same"
    return None


def _rest(frame: Frame | None) -> tuple[str, str] | None:
    """The number and the message of an answer in text."""
    found = re.fullmatch(r"(\d+): (.*)", frame, re.S) if isinstance(frame, str) else None
    return (found[1], found[2]) if found else None


@diagnosis("number-is-fixed")
def number_is_fixed(evidence: Evidence) -> Because | None:
    """`"1: " + event["text"]`, whatever is counted."""
    function, place = function_at(evidence, evidence.place), evidence.place
    wanted, heard = evidence.wanted, evidence.frame
    if evidence.kind != "wrong" or not function or not place or type(wanted) is not type(heard):
        return None
    found = re.match(r"\d+: ?", heard) if isinstance(heard, str) else None
    if not found or str(wanted).startswith(found[0]):
        return None
    number = found[0].rstrip(": ")
    for node in ast.walk(function):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Constant) and str(text).startswith(f"{number}:"):
            why = f"{number} stands in the text itself here, so each answer of this line gets it"
            return Because(why, place | {"line": node.lineno})
    return None
