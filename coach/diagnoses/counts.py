"""Causes in a count: what is counted to, and whether each number waits for its pause."""

import ast
import builtins
import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.syntax import calls, classes, function_at, functions, tree_of
from coach.diagnoses.target import GENERIC, RAW, is_consumer, routed
from coach.evidence import Evidence

SENDERS = ("send", "send_json")
# Calls that take no time.
HARMLESS = {
    *dir(builtins), *dir(str), *dir(dict), *dir(re), *dir(re.compile("")), *dir(re.match("", "")),
    *SENDERS, "accept", "close", "StopConsumer",
} - {"input"}  # fmt: skip
ASKED_S = 0.2  # the pause that the page of lesson 6 asks for


@diagnosis("count-not-taken")
def count_not_taken(evidence: Evidence) -> str | None:
    """The answer is `"<n>: count 3"`."""
    number, _, text = str(evidence.frame).partition(": ")
    if evidence.kind != "wrong" or not number.isdigit() or not text.startswith("count "):
        return None
    asked = [entry.text for entry in evidence.tape if entry.direction == "→"]
    if _is_surplus(evidence) or asked[-1] != f'websocket.receive text="{text}"':
        return f'"{text}" was counted, and after that answered as an ordinary message as well'
    return (
        f'"{text}" was taken for an ordinary message, and came back with the number {number}; '
        "the consumer has to tell it apart, and count"
    )


@diagnosis("text-taken-for-number")
def text_taken_for_number(evidence: Evidence) -> str | None:
    """`range(1, last + 1)`, where last is what the regular expression has found."""
    error = evidence.raised("TypeError", 'can only concatenate str (not "int") to str')
    place = error["frames"][-1] if error and error["frames"] else None
    if evidence.kind != "raised" or not place or not place["work"]:
        return None
    sums = [
        one
        for node in ast.walk(tree_of(evidence, place["file"]))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "range"
        for one in node.args
        if isinstance(one, ast.BinOp) and one.lineno == place["line"]
    ]
    if len(sums) != 1 or not isinstance(sums[0].op, ast.Add):
        return None
    text = ast.unparse(sums[0].left)
    return f"{text} is text here, and range takes numbers: int(…) makes a number of the text"


@diagnosis("range-ends-before")
def range_ends_before(evidence: Evidence) -> Because | None:
    """`range(1, last)`: all numbers have come but the last one."""
    given = [number for number, one in enumerate(evidence.tape) if one.direction == "→"]
    after = evidence.tape[given[-1] :] if given else []
    asked = re.fullmatch(r'websocket.receive text="count (\d+)"', after[0].text) if after else None
    frames = [one for one in after if one.direction == "←" and not one.mark]
    mine = _class(evidence)
    if evidence.kind != "silent" or not asked or len(frames) != int(asked[1]) - 1 or not mine:
        return None
    loops = [loop for loop in _sending_loops(mine) if isinstance(loop, ast.For)]
    found = re.fullmatch(r"range\(1, (\w+)\)", ast.unparse(loops[0].iter)) if loops else None
    if len(loops) != 1 or not found:
        return None
    why = f"range(1, {found[1]}) ends before {found[1]}; range(1, {found[1]} + 1) ends with it"
    return Because(why, in_file(routed(evidence)["file"], loops[0].lineno))


@diagnosis("count-goes-on")
def count_goes_on(evidence: Evidence) -> Because | None:
    """One more number than was asked for, out of a loop that says why."""
    loops = _sending_loops(_class(evidence) or ast.Pass())
    if not _is_surplus(evidence) or not str(evidence.frame).isdigit() or len(loops) != 1:
        return None
    loop = loops[0]
    head = ast.unparse(loop.iter if isinstance(loop, ast.For) else loop.test)
    found = re.fullmatch(r"range\(1, (\w+) \+ [2-9]\)", head)
    is_left = any(isinstance(one, ast.Break | ast.Return | ast.Raise) for one in ast.walk(loop))
    if found:
        why = f"{head} goes on past {found[1]}; range(1, {found[1]} + 1) ends with it"
    elif found := re.fullmatch(r"range\(1, (\d+)\)", head):
        why = f"{head} goes to {int(found[1]) - 1}, whatever was asked for"
    elif head in ("True", "1") and isinstance(loop, ast.While) and not is_left:
        why = f"`while {head}` never ends by itself, and no break or return stands in this loop"
    else:
        return None
    return Because(why, in_file(routed(evidence)["file"], loop.lineno))


def _is_surplus(evidence: Evidence) -> bool:
    """Whether a frame came after the last one of a count."""
    return bool(evidence.tape) and evidence.tape[-1].mark.startswith("expected nothing after")


def _class(evidence: Evidence) -> ast.ClassDef | None:
    """The consumer's class at the path, where it is one of the learner's."""
    target = routed(evidence)
    if not is_consumer(target) or "file" not in target:
        return None
    return next(iter(classes(evidence, target["file"], target["name"])[-1:]), None)


def _hurried_class(evidence: Evidence) -> ast.ClassDef | None:
    """The class at the path of a count that did not pause, or not for long."""
    is_short = evidence.kind == "hurried" and evidence.value < ASKED_S
    return _class(evidence) if is_short else None


def _sending_loops(node: ast.AST) -> list[ast.For | ast.While]:
    loops = (one for one in ast.walk(node) if isinstance(one, ast.For | ast.While))
    return [one for one in loops if calls(one, *SENDERS)]


def _calls(node: ast.AST) -> list[ast.Call]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Call)]


def _called_name(call: ast.Call) -> str:
    """What is called, without the object before the dot."""
    return ast.unparse(call.func).rpartition(".")[2]


def _called(node: ast.AST) -> set[str]:
    return {_called_name(one) for one in _calls(node)}


@diagnosis("pause-after-frame")
def pause_after_frame(evidence: Evidence) -> Because | None:
    """In the one loop that sends, the statement that sends comes before the one that sleeps."""
    loops = _sending_loops(_hurried_class(evidence) or ast.Module([], []))
    lines = loops[0].body if len(loops) == 1 else []
    sends = [calls(line, *SENDERS) for line in lines]
    sleeps = [calls(line, "sleep") for line in lines]
    if True not in sends or True not in sleeps or sleeps.index(True) <= sends.index(True):
        return None
    if any(_called(line) for line in lines[: sends.index(True)]):
        return None
    place = in_file(routed(evidence)["file"], lines[sleeps.index(True)].lineno)
    return Because("the pause comes after the frame here, and the frame before it is sent", place)


@diagnosis("pause-outside-loop")
def pause_outside_loop(evidence: Evidence) -> Because | None:
    """The function of the one loop that sends sleeps, and nothing in the loop could."""
    mine = _hurried_class(evidence)
    loops = _sending_loops(mine) if mine else []
    if len(loops) != 1 or _called(loops[0]) - HARMLESS:
        return None
    place = in_file(routed(evidence)["file"], loops[0].lineno)
    around = function_at(evidence, place)
    sleeps = [node for node in _calls(around or ast.Pass()) if _called_name(node) == "sleep"]
    if len(sleeps) != 1:
        return None
    where = "before" if sleeps[0].lineno < loops[0].lineno else "after"
    why = f"this pause comes once, {where} the loop: in the loop it would come for each number"
    return Because(why, place | {"line": sleeps[0].lineno})


@diagnosis("pause-of-another-length")
def pause_of_another_length(evidence: Evidence) -> Because | None:
    """The one sleep of the class is given a number that explains what was measured."""
    mine = _class(evidence) if evidence.kind == "hurried" else None
    sleeps = [node for node in _calls(mine or ast.Pass()) if _called_name(node) == "sleep"]
    if len(sleeps) != 1 or len(sleeps[0].args) != 1:
        return None
    file, given = routed(evidence)["file"], sleeps[0].args[0]
    name = ast.unparse(given)
    for node in tree_of(evidence, file).body:
        if isinstance(node, ast.Assign) and [ast.unparse(one) for one in node.targets] == [name]:
            given = node.value
    pause_s = given.value if isinstance(given, ast.Constant) else None
    if not isinstance(pause_s, int | float) or not _explains(pause_s, evidence.value):
        return None
    subject = "the pause" if name == repr(pause_s) else name
    why = f"{subject} is {pause_s:g} s here, and the page asks for {ASKED_S:g} s"
    return Because(why, in_file(file, given.lineno))


def _explains(pause_s: float, measured_s: float) -> bool:
    """Whether a pause of this length is why another than the one asked for was measured."""
    if pause_s < ASKED_S / 2:
        return measured_s < ASKED_S
    return pause_s > ASKED_S * 2 and measured_s > ASKED_S


@diagnosis("pause-missing")
def pause_missing(evidence: Evidence) -> Because | None:
    """Nothing that the class calls could pause."""
    mine = _hurried_class(evidence)
    if mine is None or any(ast.unparse(base) not in (*RAW, *GENERIC) for base in mine.bases):
        return None
    own = {function.name for function in functions(mine)}
    if _called(mine) - own - HARMLESS:
        return None
    loops = _sending_loops(mine)
    place = in_file(routed(evidence)["file"], (loops[0] if loops else mine).lineno)
    return Because(f"nothing that {mine.name} calls sleeps, so no pause comes before it", place)
