"""The learner's code uses the check's own database, wherever its settings point.

COACH_DATABASE names the file. Nothing is imported before the learner's code does: Django's
module is changed when it has been loaded, at once where that is so already.
"""

import importlib.util
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

MODULE = "django.db.utils"


def install() -> None:
    """Have Django's connections lead to the check's database in this process."""
    if MODULE in sys.modules:
        change(sys.modules[MODULE])
    else:
        sys.meta_path.insert(0, Finder())


class Finder(MetaPathFinder):
    """Waits for the one module, then steps aside."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                load(module)
                change(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def change(module: Any) -> None:
    """Make `ConnectionHandler` lead every database that the settings name to our file."""
    handler = module.ConnectionHandler
    if hasattr(handler, "as_settings_say"):
        return
    handler.as_settings_say = handler.configure_settings

    def configure_settings(self: Any, databases: Any) -> Any:
        found = handler.as_settings_say(self, databases)
        path = os.environ.get("COACH_DATABASE")
        for alias, one in found.items():
            if path and not one["ENGINE"].endswith("dummy"):
                one.update(ours(path + ("" if alias == "default" else f".{alias}"), one))
        return found

    handler.configure_settings = configure_settings


def ours(path: str, one: dict[str, Any]) -> dict[str, Any]:
    """The settings of a database file that nobody needs to outlive a crash of the machine."""
    is_sqlite = one["ENGINE"] == "django.db.backends.sqlite3"
    options = dict(one["OPTIONS"]) if is_sqlite else {}
    options.setdefault("init_command", "PRAGMA synchronous=OFF;")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}
