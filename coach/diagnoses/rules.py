"""Causes in the rules of a line: how the consumer calls them, and what their bound counts."""

import ast
from collections.abc import Iterator

from coach.chatting import parsed
from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.messages import answer
from coach.diagnoses.syntax import Function, functions, tree_of
from coach.diagnoses.target import routed
from coach.diagnoses.ways import name_of
from coach.evidence import Evidence

BOUND_CHARS = 1_000


def _called(evidence: Evidence) -> Iterator[tuple[ast.Call, str, Function]]:
    """The calls in the consumer's file whose function is the learner's: it, and its file."""
    for node in ast.walk(tree_of(evidence, routed(evidence).get("file", ""))):
        if isinstance(node, ast.Call):
            found = [
                (file, one)
                for file in evidence.tree
                if file.endswith(".py")
                for one in functions(tree_of(evidence, file))
                if one.name == name_of(node)
            ]
            if len(found) == 1:
                yield node, *found[0]


@diagnosis("rules-misused")
def rules_misused(evidence: Evidence) -> Because | None:
    return _give_nothing(evidence) or _in_another_order(evidence)


def _give_nothing(evidence: Evidence) -> Because | None:
    """`read` ends without `return text`."""
    wanted, heard = answer(evidence) or ({}, "")
    told = parsed(heard)
    is_null = isinstance(told, dict) and "text" in told and told["text"] is None
    if not is_null or not isinstance(wanted.get("text"), str):
        return None
    for node in ast.walk(tree_of(evidence, routed(evidence).get("file", ""))):
        value = node.value if isinstance(node, ast.Assign) else None
        for call, file, function in _called(evidence):
            inside = [*ast.walk(function)]
            gives = any(isinstance(one, ast.Return) and one.value for one in inside)
            if isinstance(value, ast.Call) and call.lineno == value.lineno and not gives:
                why = (
                    f"{function.name} has no return, so what a call of it gives is None, and that "
                    "goes out as the text"
                )
                return Because(why, in_file(file, function.lineno, function.name))
    return None


def _in_another_order(evidence: Evidence) -> Because | None:
    """`lines.read(settings.CHAT_LINE_MAX_CHARS, text_data)`."""
    error = evidence.raised("TypeError", "int")
    names = {frame["line"] for frame in error["frames"] if frame["work"]} if error else set()
    for call, _, function in _called(evidence):
        given = [ast.unparse(one) for one in call.args]
        takes = [one.arg for one in function.args.args]
        is_swapped = len(given) == 2 and len(takes) == 2 and "CHARS" in given[0]
        if call.lineno in names and is_swapped and "CHARS" not in given[1]:
            why = (
                f"{function.name} takes {takes[0]} and then {takes[1]}, and this line gives it "
                f"{given[0]} first"
            )
            return Because(why, in_file(routed(evidence)["file"], call.lineno))
    return None


@diagnosis("bound-not-in-characters")
def bound_not_in_characters(evidence: Evidence) -> Because | str | None:
    """As many ASCII characters have been let through before, in a frame of the same length."""
    wanted, heard = answer(evidence) or ({}, "")
    text = str(wanted.get("text", ""))
    if len(text) < BOUND_CHARS or not isinstance(parsed(heard), dict):
        return None
    if parsed(heard).get("error") is None:
        return None
    if text.isascii():
        return _frame_counted(evidence)
    return (
        f"{len(text):,} characters of ASCII were let through before these {len(text):,}, which "
        "take more bytes: what is counted here is not characters"
    )


def _frame_counted(evidence: Evidence) -> Because | None:
    """`len(frame) > most_chars`, of the parameter that is handed on to be parsed."""
    for file in evidence.tree:
        for function in functions(tree_of(evidence, file)) if file.endswith(".py") else ():
            inside = [*ast.walk(function)]
            handed = {
                ast.unparse(one.args[0])
                for one in inside
                if isinstance(one, ast.Call) and name_of(one) in ("loads", "text_of") and one.args
            }
            for node in inside:
                if not isinstance(node, ast.Compare):
                    continue
                named = ast.unparse(node)
                if any(named.startswith(f"len({one}) >") for one in handed) and "*" not in named:
                    why = (
                        "the whole frame is counted here, with the braces and quotes around the "
                        "text; the bound is for the text alone"
                    )
                    return Because(why, in_file(file, node.lineno, function.name))
    return None
