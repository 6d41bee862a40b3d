"""The routing of an ASGI application as a tree, with the way that one connection takes."""

from dataclasses import dataclass, field
from html import escape
from typing import Any

from channels.consumer import AsyncConsumer
from channels.routing import ProtocolTypeRouter, URLRouter

from coach.notebook.picture import Picture

MAX_DEPTH = 20
INNER = ("inner", "application", "app")  # where middleware keeps what it is wrapped around


@dataclass
class Step:
    """One thing on the way: `label` names it, `is_on_way` says whether the connection came by."""

    label: str
    is_on_way: bool
    below: list["Step"] = field(default_factory=list)


def way(application: Any, path: str, protocol: str = "websocket") -> Picture:
    """The routers, middleware and consumers of an application, and how a path leads through them.

    `data` holds the labels on the way, in order. A URLRouter that no entry takes the path from ends
    it with "no route".
    """
    root = step(application, path.partition("?")[0].lstrip("/"), protocol, True, 0)
    lines = list(drawn_lines(root, "", ""))
    text = "\n".join(("» " if on_way else "  ") + line for line, on_way in lines)
    marked = "\n".join(
        f"<b style='color: #0759b3'>» {escape(line)}</b>" if on_way else f"  {escape(line)}"
        for line, on_way in lines
    )
    return Picture(f"<pre>{marked}</pre>", text, labels(root))


def step(thing: Any, path: str, protocol: str, on_way: bool, depth: int) -> Step:
    """An application as a step, with everything below it."""
    if isinstance(thing, ProtocolTypeRouter):
        return protocols(thing, path, protocol, on_way, depth)
    if isinstance(thing, URLRouter):
        return routes(thing, path, protocol, on_way, depth)
    one = Step(name_of(thing), on_way)
    if (inner := inner_of(thing)) is not None and depth < MAX_DEPTH:
        one.below.append(step(inner, path, protocol, on_way, depth + 1))
    return one


def protocols(
    router: ProtocolTypeRouter, path: str, protocol: str, on_way: bool, depth: int
) -> Step:
    one = Step(f'ProtocolTypeRouter · scope["type"] is "{protocol}"', on_way)
    for key, below in router.application_mapping.items():
        taken = on_way and key == protocol
        one.below.append(Step(f'"{key}"', taken, [step(below, path, protocol, taken, depth + 1)]))
    if on_way and protocol not in router.application_mapping:
        one.below.append(Step(f'no key "{protocol}": ValueError', True))
    return one


def routes(router: URLRouter, path: str, protocol: str, on_way: bool, depth: int) -> Step:
    """The entries in their order; as in URLRouter, the first that matches takes the path."""
    one = Step(f'URLRouter · path is "{path}"', on_way)
    is_open = on_way
    route: Any
    for route in router.routes:
        found = route.pattern.match(path) if is_open else None
        rest, captured = (found[0], {**found[2]}) if found else (path, {})
        named = "".join(f" · {key}={value!r}" for key, value in captured.items())
        below = step(route.callback, rest, protocol, found is not None, depth + 1)
        one.below.append(Step(f'"{route.pattern}"{named}', found is not None, [below]))
        is_open = is_open and found is None
    if is_open:
        one.below.append(Step("no route: ValueError", True))
    return one


def inner_of(thing: Any) -> Any:
    """What a middleware is wrapped around; None for anything else."""
    if hasattr(thing, "consumer_class"):
        return None
    found = (getattr(thing, name, None) for name in INNER)
    return next((one for one in found if callable(one)), None)


def name_of(thing: Any) -> str:
    """A consumer's class, a function's name, or the class of an instance."""
    consumer = getattr(thing, "consumer_class", None)
    if isinstance(consumer, type) and issubclass(consumer, AsyncConsumer):
        return consumer.__name__
    return getattr(thing, "__name__", type(thing).__name__)


def labels(root: Step) -> list[str]:
    """The labels on the way, from the first application to the last."""
    here = [root.label] if root.is_on_way else []
    return here + [label for one in root.below for label in labels(one)]


def drawn_lines(one: Step, first: str, rest: str) -> list[tuple[str, bool]]:
    """The tree as lines of text, each with whether it is on the way."""
    lines = [(first + one.label, one.is_on_way)]
    for number, below in enumerate(one.below):
        is_last = number == len(one.below) - 1
        lines += drawn_lines(
            below, rest + ("└── " if is_last else "├── "), rest + ("    " if is_last else "│   ")
        )
    return lines
