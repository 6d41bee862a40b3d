"""What a consumer class is made of, as plain data."""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

Told = dict[str, Any]
IsOurs = Callable[[str], bool]
Place = Callable[[str, int | None, str], Told]


def anatomy(cls: type, is_ours: IsOurs, place: Place) -> Told:
    """A class of the learner's: its name and file, what of Channels it derives from, its methods.

    `methods` are the learner's own, also those of their base classes, by name: `at` is where,
    `async` whether a call makes a coroutine, `yields` whether it makes a generator.
    """
    module = sys.modules.get(cls.__module__)
    methods: Told = {}
    for owner in cls.__mro__:
        for name, thing in vars(owner).items():
            told = method(thing, is_ours, place)
            if told and name not in methods:
                methods[name] = told
    return {
        "name": cls.__name__,
        "file": place(getattr(module, "__file__", None) or "", 0, "")["file"],
        "bases": [one.__name__ for one in cls.__mro__ if one.__module__.startswith("channels.")],
        "methods": methods,
    }


def method(thing: Any, is_ours: IsOurs, place: Place) -> Told | None:
    """One method of the learner's, or None for everything else."""
    function = inspect.unwrap(getattr(thing, "__func__", thing))
    while isinstance(function, functools.partial):
        function = function.func
    code = getattr(function, "__code__", None)
    if code is None or not is_ours(code.co_filename):
        return None
    name = getattr(function, "__qualname__", code.co_name)
    at = place(code.co_filename, code.co_firstlineno, name)
    yields = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    return {"async": inspect.iscoroutinefunction(function), "yields": yields, "at": at}
