"""Causes in how the learner's own files find one another: modules, and the names in them."""

import ast
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.syntax import calls, line_text, tree_of
from coach.evidence import Evidence

# Files of which each package may have one of its own: these stay where they are.
OF_PROJECT = ("gs2/asgi.py", "gs2/settings.py", "gs2/urls.py")


def _modules(evidence: Evidence) -> dict[str, str]:
    """The learner's files by the names under which Python imports them."""
    return {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in evidence.tree
        if path.endswith(".py")
    }


def _missing(evidence: Evidence) -> str:
    """A module that an import of the learner's names and Python did not find; "" for none."""
    for link in evidence.error:
        found = re.match(r"No module named '([\w.]+)'$", link["text"])
        ours = [frame for frame in link["frames"] if frame["work"]]
        if found and ours and link["type"] == "ModuleNotFoundError":
            line = line_text(evidence, ours[-1])
            names = [
                found[1],
                found[1].rpartition(".")[2],
            ]  # the last is what a relative import says
            for name in names:
                whole = re.search(rf"(?<!\w){re.escape(name)}(?:\.\w+)*", line)
                is_named = "import" in line or "include(" in line
                if whole and is_named and _is_own(evidence, found[1]):
                    return found[1] + whole[0].removeprefix(name)
    return ""


def _is_own(evidence: Evidence, name: str) -> bool:
    """Whether a module that is missing is missing in the learner's files, and not in a package."""
    package, is_inner, _ = name.partition(".")
    return not is_inner or any(path.startswith(f"{package}/") for path in evidence.tree)


@diagnosis("module-to-be-moved")
def module_to_be_moved(evidence: Evidence) -> Because | None:
    """The import names a folder of the app, and the one file of that name lies elsewhere."""
    package, _, module = _missing(evidence).rpartition(".")
    paths = [
        path for path in evidence.tree if re.fullmatch(rf"(.+/)?{re.escape(module)}\.py", path)
    ]
    is_app = f"{package}/__init__.py" in evidence.tree and package != "gs2"
    if not is_app or len(paths) != 1 or paths[0] in OF_PROJECT:
        return None
    why = (
        f"the import looks for {package}/{module}.py, and the file is {paths[0]}: "
        f"it has to be moved into {package}/, and the import can stay"
    )
    return Because(why, in_file(paths[0]))


@diagnosis("module-in-another-folder")
def module_in_another_folder(evidence: Evidence) -> str | None:
    name = _missing(evidence)
    modules = _modules(evidence)
    for number in range(name.count(".") + 1):
        tail = name.split(".", number)[-1]
        if tail in modules and tail != name:
            return f"names begin in the folder that holds manage.py: it is {tail}, not {name}"
        inner = [one for one in modules if one.endswith(f".{tail}")]
        is_of_app = modules.get(name.partition(".")[0], "").endswith("/__init__.py")
        if name and len(inner) == 1 and not (is_of_app and modules[inner[0]] in OF_PROJECT):
            return (
                f"there is no {name}: names begin in the folder that holds manage.py, "
                f"and the file {modules[inner[0]]} is called {inner[0]}"
            )
    return None


@diagnosis("import-with-ending")
def import_with_ending(evidence: Evidence) -> str | None:
    for link in evidence.error:
        found = re.match(r"No module named '([\w.]+)\.py'; '\1' is not a package", link["text"])
        if found:
            return f"an import names the module, {found[1]}, and leaves out the .py of its file"
    return None


@diagnosis("module-missing")
def module_missing(evidence: Evidence) -> str | None:
    name = _missing(evidence)
    package, _, module = name.rpartition(".")
    folder = package.replace(".", "/")
    beside = [path for path in evidence.tree if re.fullmatch(rf"{folder}/\w+\.py", path)]
    if not package or not beside:
        return None
    names = sorted(path.rpartition("/")[2] for path in beside if "__init__" not in path)
    return f"there is no file {folder}/{module}.py; {folder}/ holds {', '.join(names)}"


def _lacking(evidence: Evidence) -> tuple[str, str] | None:
    """A module of the learner's, and a name that it was asked for and lacks."""
    texts = (
        r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
        r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'",
    )
    for link in evidence.error:
        for text in texts:
            found = re.match(text, link["text"])
            is_theirs = bool(link["frames"]) and link["frames"][-1]["work"]
            if found and is_theirs and found["module"] in _modules(evidence):
                return found["module"], found["name"]
    return None


def _defined(tree: ast.Module) -> list[str]:
    """The names that a file binds at its top level, imports apart."""
    names: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names += [one.id for one in node.targets if isinstance(one, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
    return names


@diagnosis("routes-name-differs")
def routes_name_differs(evidence: Evidence) -> Because | None:
    """The list of routes is there, under another name."""
    module, name = _lacking(evidence) or ("", "")
    file = _modules(evidence).get(module, "")
    for node in tree_of(evidence, file).body:
        if isinstance(node, ast.Assign) and _is_list_of_routes(node.value):
            called = [one.id for one in node.targets if isinstance(one, ast.Name)]
            if called and called[0] != name:
                why = (
                    f"the list in {file} is called {called[0]}, and it is asked for as {name}: "
                    "the two files have to agree"
                )
                return Because(why, in_file(file, node.lineno))
    return None


def _is_list_of_routes(value: ast.expr) -> bool:
    is_empty = isinstance(value, ast.List) and not value.elts
    return is_empty or calls(value, "path", "re_path")


@diagnosis("name-not-in-module")
def name_not_in_module(evidence: Evidence) -> str | None:
    module, name = _lacking(evidence) or ("", "")
    if not module or name in ("as_asgi", "as_view"):  # asked of a module instead of a class in it
        return None
    file = _modules(evidence)[module]
    names = _defined(tree_of(evidence, file))
    homes = [
        path for path in _modules(evidence).values() if name in _defined(tree_of(evidence, path))
    ]
    if len(homes) == 1:
        return f"there is no {name} in {file}; it is in {homes[0]}"
    folder, beside = file.removesuffix("/__init__.py"), _beside(evidence, file)
    is_file = name.islower() and not names and beside and name not in beside
    if is_file and not any(path.startswith(f"{folder}/{name}/") for path in evidence.tree):
        holds = ", ".join(f"{one}.py" for one in beside)
        return f"there is no file {folder}/{name}.py; {folder}/ holds {holds}"
    holds = f"it has {', '.join(names)}" if names else "it is still empty, or not saved"
    yet = " yet" * name[0].isupper()  # a class that is not written; another name is misspelt
    return f"there is no {name} in {file}{yet}; {holds}"


def _beside(evidence: Evidence, file: str) -> list[str]:
    """The modules beside the __init__.py of a package; none for another file."""
    folder, _, name = file.rpartition("/")
    found = [re.fullmatch(rf"{folder}/(\w+)\.py", path) for path in evidence.tree]
    inside = sorted(one[1] for one in found if one and one[1] != "__init__")
    return inside if name == "__init__.py" else []


@diagnosis("pages-not-included")
def pages_not_included(evidence: Evidence) -> Because | None:
    """A page that was handed out is not found, and nothing in urls.py names its module."""
    is_linked = evidence.raised("NoReverseMatch", "Reverse for 'echo' not found")
    entry = "echo/" if is_linked else evidence.path.removeprefix("/")
    given = f'path("{entry}"' in evidence.tree.get("myapp/pages.py", b"").decode("utf-8", "replace")
    is_missing = evidence.status == 404 or is_linked is not None
    if evidence.kind != "http" or not is_missing or not entry or not given:
        return None
    urls = "gs2/urls.py"
    if any(re.search(r"\bpages\b", ast.unparse(node)) for node in _code(evidence, urls)):
        return None
    why = f"nothing in {urls} names myapp.pages, whose list leads to /{entry}: include it"
    return Because(why, line_with(evidence, urls, "urlpatterns"))


def _code(evidence: Evidence, file: str) -> list[ast.stmt]:
    """The statements at the top level of a file, without texts that stand alone."""
    body = tree_of(evidence, file).body
    return [
        node
        for node in body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]


@diagnosis("relative-import-too-far")
def relative_import_too_far(evidence: Evidence) -> str | None:
    if evidence.raised("ImportError", "attempted relative import beyond top-level package"):
        return (
            "the dots lead out of the package, and nothing holds gs2 and myapp together: "
            "write the name from the folder of manage.py on, as in from myapp.routes import …"
        )
    return None


@diagnosis("path-of-os")
def path_of_os(evidence: Evidence) -> Because | None:
    """`path` is the module os.path, as some editors import it by themselves."""
    error = evidence.raised("TypeError", "'module' object is not callable")
    ours = [frame for frame in error["frames"] if frame["work"]] if error else []
    if not ours or "path(" not in line_text(evidence, ours[-1]):
        return None
    for node in ast.walk(tree_of(evidence, ours[-1]["file"])):
        names = node.names if isinstance(node, ast.ImportFrom) and node.module == "os" else []
        if isinstance(node, ast.ImportFrom) and any(one.name == "path" for one in names):
            why = "this line takes `path` from os, a module; entries are made by django.urls.path"
            return Because(why, in_file(ours[-1]["file"], node.lineno))
    return None
