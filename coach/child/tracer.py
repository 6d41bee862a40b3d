"""The way of one connection as it happens: the layers that it goes through, the entries tried.

Nothing is derived and no object is changed. A profile function sees the calls of the event loop's
thread: what is called with a scope, a receive and a send is a layer, whoever wrote it; what a
URLRouter calls `match` on is an entry that it tries.

Out: `layer` (its number, the one `inside` of which it was called, what that one has `added` to the
scope, what it is), and `tried` (an entry, with what came of it), each before anything that the
application sends later.
"""

import contextlib
import inspect
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import CoroutineType, FrameType
from typing import Any

from coach.child import refusal
from coach.child.connection import plain
from coach.child.refusal import name_of
from coach.child.witness import Told, Witness, text_of

ROUTERS = ("ProtocolTypeRouter", "URLRouter", "ChannelNameRouter")
MOST_LAYERS, MOST_TRIED, MOST_KEYS = 100, 500, 50
followed: ContextVar[object] = ContextVar("followed", default=None)


class Layer:
    """One call of an application: what was called, and the scope as it was then."""

    def __init__(self, number: int, thing: Any, scope: Mapping[str, Any]) -> None:
        self.number = number
        self.thing = thing
        self.scope = dict(scope)
        self.kind = kind_of(thing)


class Tracer:
    """Tells the way of one connection; `say` tells the coach."""

    def __init__(self, witness: Witness, say: Callable[..., None]) -> None:
        self.witness = witness
        self.say = say
        self.layers: list[Layer] = []
        self.frames: dict[FrameType, Layer] = {}
        self.made: dict[FrameType | None, Layer] = {}
        self.matching: dict[FrameType, Told] = {}
        self.tried = 0

    def follow(self) -> None:
        """Watch this task from now on, and the tasks that it starts."""
        followed.set(self)
        sys.setprofile(self.see)

    def see(self, frame: FrameType, event: str, arg: Any) -> None:
        if followed.get() is not self:
            return
        with contextlib.suppress(Exception):  # whatever it meets, the learner's code goes on
            if event == "call" and frame not in self.frames:
                self.enter(frame)
            elif event == "return" and frame in self.matching:
                self.has_tried(self.matching.pop(frame), arg)
            elif event == "return" and frame in self.frames and isinstance(arg, CoroutineType):
                self.made[arg.cr_frame] = self.frames[frame]  # a plain function that calls on

    def enter(self, frame: FrameType) -> None:
        """A call: of a layer, of an entry's `match`, or of anything else."""
        if frame.f_code.co_name == "match":
            self.tries(frame)
            return
        thing, scope = called(frame)
        if scope is None or len(self.layers) == MOST_LAYERS:
            return
        outer = self.around(frame)
        if outer is not None and is_same(outer.thing, thing):
            self.frames[frame] = outer  # its own `super().__call__`, or a method of its own
            return
        layer = self.frames[frame] = Layer(len(self.layers), thing, scope)
        self.layers.append(layer)
        self.say("layer", **self.described(layer, outer, frame))

    def around(self, frame: FrameType) -> Layer | None:
        """The layer that this call was made in; the last one where a task has cut the stack."""
        if frame in self.made:
            return self.made[frame]
        back = frame.f_back
        while back is not None:
            if back in self.frames:
                return self.frames[back]
            back = back.f_back
        return self.layers[-1] if self.layers else None

    # -- layers ----------------------------------------------------------------------------

    def described(self, layer: Layer, outer: Layer | None, frame: FrameType) -> Told:
        told: Told = {
            "number": layer.number,
            "inside": None if outer is None else outer.number,
            "kind": layer.kind,
            "name": name_of(layer.thing),
            "at": self.place_of(layer.thing, frame),
            "near": [],
            "missed": [],
            "added": [] if outer is None else changed(outer.scope, layer.scope),
        }
        if outer is not None and outer.kind == "URLRouter":
            told["url_route"] = plain(layer.scope.get("url_route"))
        if layer.kind in ("ProtocolTypeRouter", "ChannelNameRouter"):
            told |= self.keys_of(layer)
        if layer.kind == "URLRouter":
            told["path"] = path_of(layer.scope)
        if name_of(layer.thing) == "OriginValidator":
            told["origins"] = [text_of(one) for one in layer.thing.allowed_origins]
        return told

    def keys_of(self, layer: Layer) -> Told:
        """The keys of a router, the one that is asked for, and what another one would lead to."""
        name = "type" if layer.kind == "ProtocolTypeRouter" else "channel"
        mapping = layer.thing.application_mapping
        key = layer.scope.get(name)
        near = []
        if name == "type" and key not in mapping:
            near = refusal.other_keys(mapping, text_of(key), path_of(layer.scope))
        keys = [text_of(one) for one in [*mapping][:MOST_KEYS]]
        missed = refusal.class_itself(mapping.get(key))
        return {"key": plain(key), "keys": keys, "near": near, "missed": missed}

    def place_of(self, thing: Any, frame: FrameType) -> Told | None:
        """Where the learner has written this layer: the lines that run, else the class's file."""
        code = frame.f_code
        if self.witness.is_ours(code.co_filename):
            return self.witness.place(code.co_filename, code.co_firstlineno, "")
        cls = thing if isinstance(thing, type) else type(thing)
        file = getattr(sys.modules.get(cls.__module__), "__file__", None) or ""
        return self.witness.place(file, 0, "") if self.witness.is_ours(file) else None

    # -- entries ---------------------------------------------------------------------------

    def tries(self, frame: FrameType) -> None:
        """A call of `match`: if a URLRouter makes it on one of its entries, it is noted."""
        router = self.around(frame)
        names = frame.f_code.co_varnames
        pattern, path = (frame.f_locals.get(name) for name in names[:2])
        if router is None or router.kind != "URLRouter" or self.tried == MOST_TRIED:
            return
        if any(one["pattern"] is pattern for one in self.matching.values()):
            return  # its own `super().match`
        for number, route in enumerate(router.thing.routes):
            if route.pattern is pattern and isinstance(path, str):
                self.tried += 1
                told = {"router": router, "pattern": pattern, "number": number, "path": path}
                self.matching[frame] = told
                return

    def has_tried(self, tried: Told, found: Any) -> None:
        """An entry was tried: tell what its `match` has returned."""
        router, number, path = tried["router"], tried["number"], tried["path"]
        routes, pattern = router.thing.routes, tried["pattern"]
        whole = path_of(router.scope, whole=True)
        reason, near = "", []
        if found is None:
            reason, repaired = refusal.why_not(pattern, path)
            near = [repaired] if repaired else []
        if found is None and number == len(routes) - 1:
            near += refusal.other_paths(routes, path, whole) + refusal.page_at(router.scope)
        missed = []
        if found is not None:
            missed = refusal.class_itself(routes[number].callback)
            missed += refusal.other_paths(routes[:number], path, whole)
        self.say(
            "tried", layer=router.number, entry=text_of(pattern), path=path, taken=bool(found),
            by="path" if refusal.is_route(pattern) else "re_path", reason=reason, near=near,
            missed=missed,
        )  # fmt: skip


def called(frame: FrameType) -> tuple[Any, Mapping[str, Any] | None]:
    """What was called and the scope that it was given; no scope where this is no application."""
    code, names = frame.f_code, frame.f_code.co_varnames
    has_more = bool(code.co_flags & inspect.CO_VARARGS)
    if code.co_argcount < 3 and not has_more:
        return None, None
    local = frame.f_locals
    given: list[Any] = [local.get(name) for name in names[: code.co_argcount]]
    if has_more:
        given += local.get(names[code.co_argcount + code.co_kwonlyargcount], ())
    for number in range(min(len(given) - 2, 3)):
        scope, receive, send = given[number : number + 3]
        # By its type alone: to ask a lazy object for its class would make it.
        is_scope = issubclass(type(scope), Mapping) and isinstance(scope.get("type"), str)
        if is_scope and callable(receive) and callable(send):
            return callee(frame, given[0] if number else None), scope
    return None, None


def callee(frame: FrameType, first: Any) -> Any:
    """The object whose code runs: a consumer's class, the instance, or the code of a function."""
    code = frame.f_code
    if code.co_qualname.endswith(".as_asgi.<locals>.app"):
        return frame.f_locals.get("cls") or code
    if code.co_name == "__init__":
        return type(first)
    is_called = (
        getattr(type(first).__call__, "__code__", None) is code if callable(first) else False
    )
    is_method = first is not None and hasattr(type(first), code.co_name)
    return first if is_called or is_method else code


def is_same(outer: Any, thing: Any) -> bool:
    """Whether a call only goes on inside of the layer that makes it: an instance calls its own
    methods, and a consumer's application its new consumer."""
    is_made = isinstance(outer, type) and type(thing) is outer
    return outer is thing or (is_made and hasattr(outer, "as_asgi"))


def kind_of(thing: Any) -> str:
    """`consumer`, one of the routers of Channels, or `application`, which may be middleware."""
    cls = thing if isinstance(thing, type) else type(thing)
    bases = [one.__name__ for one in cls.__mro__ if one.__module__.startswith("channels.")]
    if "AsyncConsumer" in bases:
        return "consumer"
    return next((name for name in ROUTERS if name in bases), "application")


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The keys of a scope that are new or have another value; no value is looked at, as a lazy
    one would query."""
    return [text_of(key) for key in after if key not in before or before[key] is not after[key]]


def path_of(scope: Mapping[str, Any], whole: bool = False) -> str:
    """The path that is still to be routed, or the whole one."""
    rest = None if whole else scope.get("path_remaining")
    return text_of(scope.get("path", "") if rest is None else rest)
