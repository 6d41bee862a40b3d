"""Causes in gs2/urls.py: what it includes, and where, so that the pages of the chat are found."""

import ast
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.lines import literal
from coach.diagnoses.syntax import tree_of
from coach.evidence import Evidence

URLS, PAGES, LIST = "gs2/urls.py", "chat_pages", "urlpatterns"


@diagnosis("included-without-urlpatterns")
def included_without_urlpatterns(evidence: Evidence) -> Because | None:
    """`include("myapp.chat")`: a module of the learner's, and none of pages."""
    for link in evidence.error:
        found = re.match(r"The included URLconf '(?:<module ')?([\w.]+)'", link["text"])
        name = found[1] if found else ""
        file = f"{name.replace('.', '/')}.py"
        if not name or file not in evidence.tree or file == URLS or _has_list(evidence, file):
            continue
        others = [one for one in evidence.tree if one != URLS and _has_list(evidence, one)]
        others = [_module(one) for one in others if not _is_named(evidence, _module(one))]
        have = f"; {others[0]} has one" if len(others) == 1 else ""
        last = name.rpartition(".")[2]
        place = line_with(evidence, URLS, f'"{name}"', f"'{name}'", f"include({last}")
        return Because(f"{name} has no {LIST}, the list that include() looks for{have}", place)
    return None


def _module(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def _has_list(evidence: Evidence, file: str) -> bool:
    body = tree_of(evidence, file).body if file.endswith(".py") else []
    return any(re.match(rf"{LIST}\b", ast.unparse(node)) for node in body)


def _is_named(evidence: Evidence, module: str) -> bool:
    last = module.rpartition(".")[2]
    return re.search(rf"\b{last}\b", ast.unparse(tree_of(evidence, URLS))) is not None


def _is_page_missing(evidence: Evidence) -> bool:
    is_there = f"myapp/{PAGES}.py" in evidence.tree
    return evidence.status == 404 and evidence.path.startswith("/chat/") and is_there


@diagnosis("chat-pages-not-included")
def chat_pages_not_included(evidence: Evidence) -> Because | None:
    names = re.search(rf"\b{PAGES}\b", ast.unparse(tree_of(evidence, URLS)))
    if not _is_page_missing(evidence):
        return None
    for node in tree_of(evidence, URLS).body:
        if isinstance(node, ast.Expr) and re.search(rf"^\(?path\(.*\b{PAGES}\b", ast.unparse(node)):
            why = f"this entry stands outside of the brackets of {LIST}, so nothing uses it"
            return Because(why, in_file(URLS, node.lineno))
    if names:
        return None
    why = (
        f"nothing in {URLS} names myapp.{PAGES}, whose list leads to the rooms: include it under "
        "chat/"
    )
    return Because(why, line_with(evidence, URLS, "urlpatterns"))


@diagnosis("chat-pages-elsewhere")
def chat_pages_elsewhere(evidence: Evidence) -> Because | None:
    """`path("chat", include(…))`."""
    calls = [
        node
        for node in ast.walk(tree_of(evidence, URLS))
        if isinstance(node, ast.Call) and re.match(rf"path\(.*\b{PAGES}\b", ast.unparse(node))
    ]
    where = calls[0].args[0] if len(calls) == 1 and calls[0].args else None
    if not _is_page_missing(evidence) or not isinstance(where, ast.Constant):
        return None
    text = literal(where)
    if text == "chat/":
        return None
    why = (
        f'the pages of the chat are included under "{text}", so the page of the room is at '
        f"/{text}tea/ and not at /chat/tea/"
    )
    return Because(why, in_file(URLS, where.lineno))
