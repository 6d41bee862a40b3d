"""What lines of gs2/ and manage.py say, read without running them: to point, and to confirm."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from difflib import get_close_matches

from coach.diagnoses.syntax import tree_of
from coach.evidence import Evidence

SETTINGS_VARIABLE = "DJANGO_SETTINGS_MODULE"
BESIDE = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


def environment(evidence: Evidence, file: str) -> Iterator[tuple[int, str, str]]:
    """The line, the name and the value wherever a file puts a string into a mapping.

    Both `environ.setdefault("A", "b")` and `environ["A"] = "b"`; a value that is no literal is "".
    """
    for node in ast.walk(tree_of(evidence, file)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "setdefault" and node.args:
                value = node.args[1] if len(node.args) > 1 else None
                yield node.lineno, literal(node.args[0]), literal(value)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Subscript):
                    yield node.lineno, literal(target.slice), literal(node.value)


def naming(evidence: Evidence, file: str, name: str) -> list[int]:
    """The lines of a file on which this is a whole string, or the name of a keyword argument."""
    return sorted(
        node.value.lineno if isinstance(node, ast.keyword) else node.lineno
        for node in ast.walk(tree_of(evidence, file))
        if (isinstance(node, ast.keyword) and node.arg == name)
        or (isinstance(node, ast.Constant) and node.value == name)
    )


def literal(node: ast.expr | None) -> str:
    """The string that an expression is, or an empty one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def assigned(evidence: Evidence, file: str) -> dict[str, int]:
    """The names to which the top level of a file assigns, with the last line that does."""
    return {
        target.id: node.lineno
        for node in tree_of(evidence, file).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def list_grown_by_string(evidence: Evidence, file: str, name: str) -> int:
    """The line of `name += "…"` at the top level of a file, or 0."""
    for node in tree_of(evidence, file).body:
        is_it = isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
        if is_it and node.target.id == name and literal(node.value):  # type: ignore[attr-defined]
            return node.lineno
    return 0


def line_in_list(evidence: Evidence, file: str, name: str, entry: str) -> int:
    """The line of an entry in a list that the top level of a file assigns to `name`, or 0."""
    for node in tree_of(evidence, file).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            for one in ast.walk(node):
                if isinstance(one, ast.Constant) and one.value == entry:
                    return one.lineno
    return 0


def line_of_joined(evidence: Evidence, file: str, text: str) -> int:
    """The line on which strings without a comma between them begin to make `text`, or 0."""
    run: list[tuple[int, str]] = []
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(evidence.tree.get(file, b"")).readline))
    except (tokenize.TokenError, SyntaxError):
        return 0
    for token in tokens:
        if token.type == tokenize.STRING:
            run.append((token.start[0], str(ast.literal_eval(token.string))))
            if len(run) > 1 and "".join(part for _, part in run) == text:
                return run[0][0]
        elif token.type not in BESIDE:
            run = []
    return 0


def nearest(word: str, words: list[str]) -> str:
    """The one of these words that is spelt most like `word`, or an empty string."""
    by_small = {known.lower(): known for known in words}
    found = get_close_matches(word.lower(), by_small, 1, 0.8)
    return by_small[found[0]] if found else ""


def calls(evidence: Evidence, file: str, function: str) -> bool:
    """Whether a line of this file had called this function when an exception was raised."""
    for link in evidence.error:
        frames = link["frames"]
        here = [number for number, frame in enumerate(frames) if frame["file"] == file]
        if here and any(frame["name"] == function for frame in frames[here[0] :]):
            return True
    return False


def missing_module(evidence: Evidence) -> str:
    """The module that Python did not find, by the first exception of the chain."""
    link = evidence.error[0] if evidence.error else {"type": "", "text": ""}
    found = re.match(r"No module named '([^']+)'", link["text"])
    return found[1] if link["type"] == "ModuleNotFoundError" and found else ""
