"""The way of a connection as a tree of lines: every layer below the one that called it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.text import Text

from coach.child.refusal import quoted
from coach.evidence import Told, shown
from coach.screen import MARKS, fact
from coach.tracing import Trace

USUAL = {"path_remaining", "url_route"}  # what every URLRouter adds, shown as what it captured


@dataclass
class Branch:
    """A line of the tree and what is below it. `state` is one of MARKS, "" for a layer."""

    text: str
    state: str = ""
    about: str = ""
    below: list["Branch"] = field(default_factory=list)


def trace_lines(trace: Trace, boxes: bool = True) -> list[Text]:
    """A trace as people read it; with `boxes` the branches of the tree are drawn."""
    address = trace.address
    head = Text(f"{address.url} · {address.protocol}", style="bold")
    lines = [head.append(f"  {trace.entry}", style="not bold dim"), Text()]
    for root in branches(trace.layers, None):
        lines += drawn(root, "  ", "  ", boxes)
    style = "green" if trace.passed else "bold red"
    facts = [("end", trace.end["text"], style), ("look at", trace.end["at"] or "", "cyan")]
    facts += [("why", trace.end.get("why") or "", "yellow")]
    facts += [("near miss", one, "yellow") for one in trace.near]
    facts += [("note", one, "dim") for one in trace.notes]
    if trace.layers:
        lines.append(Text())
    return [*lines, *(fact(label, text, style) for label, text, style in facts if text)]


def branches(layers: list[Told], inside: int | None) -> list[Branch]:
    """The layers that one layer has called, each with everything below it."""
    return [branch(one, layers) for one in layers if one["inside"] == inside]


def branch(layer: Told, layers: list[Told]) -> Branch:
    below = branches(layers, layer["number"])
    if layer["kind"] == "URLRouter":
        below = [tried(one, layers) for one in layer["tried"]]
        path = layer["tried"][0]["path"] if layer["tried"] else layer["path"]
        return Branch(f"{layer['name']} · looks for {quoted(path)}", "", about(layer), below)
    if "keys" in layer:
        return Branch(layer["name"], "", about(layer), [key(layer, below)])
    return Branch(layer["name"], "", about(layer), below)


def about(layer: Told) -> str:
    """What a layer takes and has added to the scope, and where it is written."""
    added = [name for name in layer["adds"] if layer["kind"] != "URLRouter" or name not in USUAL]
    adds = f"adds {', '.join(added)}" if added else ""
    takes = f"takes {', '.join(map(shown, layer['origins']))}" if "origins" in layer else ""
    return " · ".join(filter(None, [takes, adds, layer["at"]]))


def key(layer: Told, below: list[Branch]) -> Branch:
    """The key under which a router has looked, and where it was not there, those that are."""
    named = "type" if layer["kind"] == "ProtocolTypeRouter" else "channel"
    text = f"{named} {shown(layer['key'])}"
    if layer["key"] in layer["keys"]:
        return Branch(text, "passed", below=below)
    keys = ", ".join(map(shown, layer["keys"])) or "no key"
    return Branch(text, "failed", f"the router has {keys}", below)


def tried(one: Told, layers: list[Told]) -> Branch:
    """An entry that a URLRouter has tried: what it captured and called, or why it refused."""
    text = f"{one['by']} {quoted(one['entry'])}"
    if not one["taken"]:
        return Branch(text, "failed", one["reason"])
    if "to" not in one:
        return Branch(text, "passed")
    to = layers[one["to"]]
    return Branch(text, "passed", captured(to.get("url_route") or {}), [branch(to, layers)])


def captured(url_route: Told) -> str:
    """The arguments that the URLRouters have put in the scope by now."""
    args = [shown_value(value) for value in url_route.get("args") or ()]
    kwargs = url_route.get("kwargs") or {}
    return ", ".join([*args, *(f"{name}={shown_value(value)}" for name, value in kwargs.items())])


def shown_value(value: object) -> str:
    return str(value["text"]) if isinstance(value, dict) and "$object" in value else shown(value)


def drawn(one: Branch, first: str, rest: str, boxes: bool) -> Iterator[Text]:
    """The lines of a branch: `first` stands before its own, `rest` before those below it."""
    line = Text(first, style="dim")
    if one.state:
        mark, style = MARKS[one.state]
        line.append(f"{mark} ", style=f"not dim {style}")
    line.append(one.text, style="not dim")
    if one.about:
        line.append(f"   {one.about}", style="dim" if one.state != "failed" else "yellow not dim")
    yield line
    for number, below in enumerate(one.below, 1):
        is_last = number == len(one.below)
        corner, gap = ("└─ " if is_last else "├─ ", "   " if is_last else "│  ")
        yield from drawn(
            below, rest + (corner if boxes else "  "), rest + (gap if boxes else "  "), boxes
        )
