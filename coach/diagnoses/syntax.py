"""The learner's source as a syntax tree: to point at a line, and to tell two causes apart."""

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec

from coach.diagnoses.catalogue import in_file
from coach.evidence import Evidence, Told

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree_of(evidence: Evidence, file: str) -> ast.Module:
    """A file's syntax tree; an empty one where it has none."""
    try:
        return ast.parse(evidence.tree.get(file, b""))
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def line_text(evidence: Evidence, place: Told | None) -> str:
    """The text of the line at a place in the learner's files."""
    if not place or not place["work"]:
        return ""
    lines = evidence.tree.get(place["file"], b"").decode("utf-8", "replace").splitlines()
    return lines[place["line"] - 1].strip() if 0 < place["line"] <= len(lines) else ""


def classes(evidence: Evidence, file: str, name: str = "") -> list[ast.ClassDef]:
    """The classes that a file defines at its top level, all or those of one name."""
    body = tree_of(evidence, file).body
    return [node for node in body if isinstance(node, ast.ClassDef) and name in ("", node.name)]


def imported(node: ast.stmt) -> list[tuple[str, str]]:
    """The modules that a statement imports, each with a name that it takes out of it, or ""."""
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return [(node.module, alias.name) for alias in node.names]
    return [(alias.name, "") for alias in node.names] if isinstance(node, ast.Import) else []


def is_lost(evidence: Evidence, module: str, name: str) -> bool:
    """Whether such an import has raised: what it names is nobody's, or would be the learner's and
    is not there."""
    loaded, folder = evidence.facts.get("modules") or [], module.replace(".", "/")
    files = [path for path in (f"{folder}.py", f"{folder}/__init__.py") if path in evidence.tree]
    if not files:
        paths = [path.split("/") for path in evidence.tree]
        package = module.partition(".")[0]
        if not any(package in (path[0], path[0].removesuffix(".py")) for path in paths):
            return find_spec(package) is None  # nor anybody's
        return not any(path.startswith(f"{folder}/") for path in evidence.tree)
    if module not in loaded:
        return True
    if f"{folder}/{name}.py" in evidence.tree:
        return f"{module}.{name}" not in loaded
    text = evidence.tree[files[0]].decode("utf-8", "replace")
    return bool(name) and not re.search(rf"\b{re.escape(name)}\b|import \*|__getattr__", text)


def is_used(evidence: Evidence, name: str) -> bool:
    """Whether a line of the learner's, its definition apart, uses or imports a name."""
    for file in evidence.tree:
        for node in ast.walk(tree_of(evidence, file)) if file.endswith(".py") else ():
            named = getattr(node, "attr", None) or getattr(node, "id", None)
            if named == name or (isinstance(node, ast.alias) and node.name == name):
                return True
    return False


def class_place(evidence: Evidence, target: Told) -> Told | None:
    """Where a class is defined: the last definition of its name in its file."""
    found = classes(evidence, target["file"], target["name"]) if "file" in target else []
    return in_file(target["file"], found[-1].lineno) if found else None


def functions(node: ast.AST) -> Iterator[Function]:
    """Every function in a tree, inner ones too."""
    for one in ast.walk(node):
        if isinstance(one, Function):
            yield one


def function_at(evidence: Evidence, place: Told | None) -> Function | None:
    """The innermost function that contains a place."""
    if not place or not place["work"]:
        return None
    around = [
        one
        for one in functions(tree_of(evidence, place["file"]))
        if _first_line(one) <= place["line"] <= (one.end_lineno or 0)
    ]
    return max(around, key=lambda one: one.lineno, default=None)


def _first_line(function: Function) -> int:
    return min([function.lineno, *(one.lineno for one in function.decorator_list)])


def def_place(evidence: Evidence, at: Told | None) -> Told | None:
    """The line of `def` for a method whose code begins at a place (a decorator comes before)."""
    function = function_at(evidence, at)
    return at | {"line": function.lineno} if at and function else at


def within(evidence: Evidence, at: Told | None, *words: str) -> Told | None:
    """The first line of the function at a place that holds one of these words."""
    function = function_at(evidence, at)
    if at is None or function is None:
        return None
    lines = evidence.tree[at["file"]].decode("utf-8", "replace").splitlines()
    for number in range(function.lineno, (function.end_lineno or 0) + 1):
        text = lines[number - 1].partition("#")[0]
        if any(word in text for word in words):
            return at | {"line": number}
    return None


def calls(node: ast.AST, *names: str) -> bool:
    """Whether a tree holds a call of one of these names, as `name(…)` or `….name(…)`."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            called = one.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in names:
                return True
    return False


def sends_in_a_row(function: Function | None) -> bool:
    """Whether two statements of one block, or one in a loop, send."""
    for node in ast.walk(function or ast.Pass()):
        if isinstance(node, ast.For | ast.While) and calls(node, "send"):
            return True
        blocks = [getattr(node, name, None) for name in ("body", "orelse")]
        for block in (one for one in blocks if isinstance(one, list)):
            if sum(isinstance(one, ast.Expr) and calls(one, "send") for one in block) > 1:
                return True
    return False


def call_dropped(evidence: Evidence, file: str, name: str) -> int:
    """The line at the top level of a file that calls `name(…)` and keeps nothing of it, or 0."""
    for node in tree_of(evidence, file).body:
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Call):
            called = value.func
            known = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if known == name:
                return node.lineno
    return 0


def hands_on(evidence: Evidence, name: str) -> bool:
    """Whether the one function of this name calls an application inside, with three arguments."""
    function = function_at(evidence, named_function(evidence, name))
    inside = ast.walk(function) if function else ()
    return any(isinstance(one, ast.Call) and len(one.args) == 3 for one in inside)


def raises(node: ast.AST) -> bool:
    """Whether a tree raises something."""
    return any(isinstance(one, ast.Raise) for one in ast.walk(node))


def named_function(evidence: Evidence, name: str) -> Told | None:
    """The one function of this name at the top level of a file, if it is only one."""
    found = [
        in_file(file, node.lineno, name)
        for file in evidence.tree
        if file.endswith(".py")
        for node in tree_of(evidence, file).body
        if isinstance(node, Function) and node.name == name
    ]
    return found[0] if len(found) == 1 else None
