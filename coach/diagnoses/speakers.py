"""Causes in who is said to speak, and in how much one may say."""

import ast
import html
import json

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.syntax import calls, functions, tree_of
from coach.diagnoses.target import is_consumer, routed
from coach.diagnoses.ways import name_of
from coach.evidence import Evidence, Told

AT_FIRST = ("connect", "websocket_connect", "__init__")


def told_in(frame: object) -> Told:
    """What a text frame holds as a JSON object; empty where it holds none."""
    try:
        told = json.loads(frame) if isinstance(frame, str) else None
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


@diagnosis("user-from-message")
def user_from_message(evidence: Evidence) -> str | None:
    """Ben's line comes from Cy, whom only Ben's own frame names."""
    told, wanted = told_in(evidence.frame), told_in(evidence.wanted)
    given = [entry.text for entry in evidence.tape if entry.direction == "→"]
    is_named = any(f'"user": "{told.get("user")}"' in text.replace('\\"', '"') for text in given)
    is_same = told.get("text") == wanted.get("text") and told.get("user") != wanted.get("user")
    if not wanted.get("user") or not told.get("user") or not is_same or not is_named:
        return None
    return (
        "the name is the one that the browser wrote into its message, and anybody can write any "
        'name there; who speaks is scope["user"]'
    )


@diagnosis("user-of-the-listener")
def user_of_the_listener(evidence: Evidence) -> str | None:
    """Each listener hears their own name."""
    told, wanted = told_in(evidence.frame), told_in(evidence.wanted)
    who = evidence.tape[-1].who.lower() if evidence.tape else ""
    is_same = told.get("text") == wanted.get("text") and wanted.get("user") not in (None, who)
    if not who or not is_same or told.get("user") != who:
        return None
    return (
        "the name is that of whoever hears the line: this runs in the listener's connection, so "
        "the speaker's name has to come with the message"
    )


@diagnosis("line-without-user")
def line_without_user(evidence: Evidence) -> str | None:
    told, wanted = told_in(evidence.frame), told_in(evidence.wanted)
    is_same = told.get("text") == wanted.get("text") and "error" not in told
    if not wanted.get("user") or not is_same or "user" in told:
        return None
    return (
        'the line is told without a "user": each line that is sent has to name its speaker, one of '
        "the last lines as well as one that is said now"
    )


@diagnosis("text-escaped")
def text_escaped(evidence: Evidence) -> str | None:
    text, wanted = (told_in(one).get("text") for one in (evidence.frame, evidence.wanted))
    if not isinstance(wanted, str) or text == wanted:
        return None
    if text not in (html.escape(wanted), html.escape(wanted, quote=False)):
        return None
    return (
        "the text has been escaped on its way: the page shows it as text and not as markup, so "
        "everybody would read the escapes"
    )


@diagnosis("limit-shared")
def limit_shared(evidence: Evidence) -> str | None:
    """Ben's first line is refused, in the moment in which Ana is told that she says too much."""
    told, wanted = told_in(evidence.frame), told_in(evidence.wanted)
    if evidence.stage != "flood" or "error" not in told or wanted.get("text") != "ben 1":
        return None
    return (
        "this is the first line that Ben says here, and it is refused for what Ana has said: what "
        "counts the lines counts those of several connections"
    )


@diagnosis("limit-made-anew")
def limit_made_anew(evidence: Evidence) -> Because | None:
    """`Rate(…)` is made where a line comes in, so each line is the first."""
    target = routed(evidence)
    if evidence.kind != "flooded" or not is_consumer(target):
        return None
    made = [
        (function.name, node.lineno)
        for function in functions(tree_of(evidence, target["file"]))
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and name_of(node) == "Rate" and calls(function, "allows")
    ]
    if len(made) != 1 or made[0][0] in AT_FIRST:
        return None
    why = (
        f"{made[0][0]} makes a new Rate for each line, and to that one each line is the first: it "
        "has to be made once for a connection, where that begins"
    )
    return Because(why, in_file(target["file"], made[0][1]))
