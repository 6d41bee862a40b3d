"""The learner's site in a process of its own, driven over two pipes by lines of JSON.

In, on standard input: first one line of configuration, then commands.

    {"work": folder, "environ": {name: value}, "entry": "module:attribute", "follow": bool}
    (or as `testing` says, to run the learner's tests)
    {"do": "open", "id": 1, "scope": {…}}      call the application with this scope
    {"do": "event", "id": 1, "event": {…}}     what its `receive` gives next
    {"do": "trace"}                            tell the way of the next one (see `Tracer`)
    {"do": "where"}                            which lines of the learner's run now
    {"do": "values", "module": "myapp.x"}      import a module, and tell its plain values
    {"do": "pulse"}, {"do": "pulse-over"}      watch whether the event loop stands still
    {"do": "prepare", "users": […]}            migrate the database, and log these users in
    {"do": "crowd", "count": 500}              make so many users, and log these in
    {"do": "rows"}, {"do": "groups"}           what the database and the channel layer hold
    {"do": "layer", "forget": bool}            what the layer in memory was asked, and holds
    {"do": "log_out", "sessions": […]}         end these sessions
    {"do": "hold", "when": "…", "text": "…"}   hold the next query of a kind (see `Records`), until
    {"do": "release"}                          this
    {"do": "quit"}

Out: `loaded` or `not-loaded` once; then `sent`, `waits`, `returned` and `raised` for each
connection, `unawaited` for a coroutine that nobody awaited, `place` for `where`, `values` or
`not-imported`, `pulse` for `pulse-over`, an answer of the same name or `not-told` for each
question about records, `held`, `held-too-long` and `query` (see `Records`), and `leaving` when the
learner's code ends the process. Verdicts are not made here: code that ends this process, floods
it or changes what it imports cannot turn a failure into a pass.
"""

import asyncio
import faulthandler
import importlib
import os
import sys
import threading
import warnings
from collections.abc import Callable
from json import dumps, loads
from typing import Any

from coach.child import testing, tracer
from coach.child.connection import Connection, plain, rebuilt
from coach.child.guard import own_database
from coach.child.layer import LayerNotes
from coach.child.pulse import Pulse
from coach.child.records import Records
from coach.child.witness import Told, Witness, text_of

# As they are before the learner's code, which may replace them.
really_exit, really_write = os._exit, os.write


class Host:
    """The process: loads the learner's application and serves the coach's commands."""

    def __init__(self, config: Told, commands: Any, answers: int) -> None:
        self.config = config
        self.commands = commands
        self.answers = answers
        self.witness = Witness(config["work"])
        self.lock = threading.Lock()
        self.loop: Any = None
        self.ready = threading.Event()
        self.connections: dict[int, Connection] = {}
        self.tasks: set[Any] = set()
        self.application: Any = None
        self.records = Records(self.witness, self.say)
        self.layer = LayerNotes(self.witness)
        self.tracer: tracer.Tracer | None = None

    def say(self, what: str, **told: Any) -> None:
        data = dumps({"say": what, **told}).encode() + b"\n"
        with self.lock:
            while data:
                data = data[really_write(self.answers, data) :]

    # -- before the learner's code -------------------------------------------------------

    def prepare(self) -> None:
        os.chdir(self.config["work"])
        os.environ.update(self.config["environ"])
        sys.dont_write_bytecode |= bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
        sys.path.insert(0, self.config["work"])
        importlib.invalidate_caches()
        self.forget_shadowed()
        own_database.install()
        faulthandler.enable(sys.__stderr__ or 2)
        self.track_coroutines()
        warnings._warn_unawaited_coroutine = self.on_unawaited  # type: ignore[attr-defined]
        self.watch_exits()
        threading.Thread(target=self.listen, daemon=True).start()

    def forget_shadowed(self) -> None:
        """Let the learner's files win over modules of their names that are loaded already.

        In a new process they would: a `channels.py` beside manage.py hides Channels.
        """
        with os.scandir(self.config["work"]) as entries:
            files = {entry.name for entry in entries}
        for file in files:
            name = file.removesuffix(".py")
            origin = getattr(getattr(sys.modules.get(name), "__spec__", None), "origin", None)
            is_module = file != name or os.path.exists(os.path.join(file, "__init__.py"))
            if is_module and origin not in (None, "built-in", "frozen"):
                for loaded in [one for one in sys.modules if one.split(".")[0] == name]:
                    del sys.modules[loaded]

    def track_coroutines(self) -> None:
        """Have each coroutine know the line that made it: in this thread, and in later ones."""
        run = threading.Thread.run

        def tracked(thread: threading.Thread) -> None:
            sys.set_coroutine_origin_tracking_depth(12)
            run(thread)

        threading.Thread.run = tracked  # type: ignore[method-assign, assignment]
        sys.set_coroutine_origin_tracking_depth(12)

    def watch_exits(self) -> None:
        """Have the ways to end a process say which line used them, then do as they say."""

        def told(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
            def leave(*args: Any) -> Any:
                is_own = name != "os.kill" or args[:1] == (os.getpid(),)
                if is_own:
                    by = self.witness.sender(sys._getframe(1))
                    call = f"{name}({', '.join(text_of(arg) for arg in args)})"
                    self.say("leaving", call=call, by=by)
                return act(*args)

            return leave

        os._exit = told("os._exit", os._exit)
        os.abort = told("os.abort", os.abort)
        os.kill = told("os.kill", os.kill)

    def on_unawaited(self, coroutine: Any) -> None:
        self.say("unawaited", **self.witness.unawaited(coroutine))

    # -- the learner's code ---------------------------------------------------------------

    def load(self) -> bool:
        try:
            self.application = self.import_entry()
        except BaseException as error:
            told = self.witness.error(error)
            self.say("not-loaded", error=told, entry=self.entry, facts=self.facts())
            return False
        self.say("loaded", entry=self.entry, facts=self.facts())
        return True

    def import_entry(self) -> Any:
        self.entry = self.config["entry"]
        module, _, attribute = self.entry.partition(":")
        application = getattr(importlib.import_module(module), attribute)
        if self.config["follow"]:
            named = self.settings().get("ASGI_APPLICATION")
            other, _, name = named.rpartition(".") if isinstance(named, str) else ("", "", "")
            if other and (other, name) != (module, attribute):
                self.entry = f"{other}:{name}"
                own, application = application, getattr(importlib.import_module(other), name)
                if application is own:  # a server may be given either
                    self.entry = self.config["entry"]
        return application

    def settings(self) -> Told:
        """Settings that reports speak of; empty while Django has none."""
        try:
            from django.conf import settings
        except ImportError:  # a file of the learner's own stands in Django's way
            return {}
        if not settings.configured:
            return {}
        names = (
            "ALLOWED_HOSTS", "ASGI_APPLICATION", "CHANNEL_LAYERS", "INSTALLED_APPS",
            "ROOT_URLCONF", "SETTINGS_MODULE",
        )  # fmt: skip
        return {name: plain(getattr(settings, name)) for name in names if hasattr(settings, name)}

    def facts(self) -> Told:
        """What a diagnosis may need: settings, the environment, how the routers are nested."""
        module = sys.modules.get(self.entry.partition(":")[0])
        return {
            "settings_module": os.environ.get("DJANGO_SETTINGS_MODULE"),
            "settings": self.settings(),
            "application": self.witness.application(self.application),
            "file": self.witness.place(getattr(module, "__file__", None) or "", 0, ""),
            "routers": self.witness.routers(module),
            "modules": self.witness.modules(),
            "models": [model.__name__ for model in self.records.models()],
            "names": sorted(name for name in getattr(module, "__dict__", {}) if name[:2] != "__"),
        }

    # -- the conversation ------------------------------------------------------------------

    async def serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.stop = asyncio.Event()
        self.tasks.add(asyncio.current_task())
        self.loop.set_exception_handler(self.on_lost)
        if self.records.models():
            self.records.watch_queries(threading.get_ident())
        self.layer.watch()
        self.ready.set()
        await self.stop.wait()

    def on_lost(self, loop: asyncio.AbstractEventLoop, context: Told) -> None:
        """Until Python 3.12 no future takes a StopIteration, so a thread that raises one would
        be awaited for ever: what awaits it is told instead."""
        error = context.get("exception")
        if isinstance(error, TypeError) and text_of(error).startswith("StopIteration interacts"):
            self.say("died", error=self.witness.error(error))
        loop.default_exception_handler(context)

    def listen(self) -> None:
        """Obey the coach from a thread, so that `where` answers while a handler hangs."""
        for line in self.commands:
            command = loads(line)
            if command["do"] == "where":
                self.say("place", places=self.witness.where(self.loop))
            elif command["do"] == "release":
                self.records.release()
            elif command["do"] == "quit":
                break
            else:
                self.ready.wait()
                self.loop.call_soon_threadsafe(self.obey, command)
        really_exit(0)

    def obey(self, command: Told) -> None:
        if command["do"] == "open":
            connection = Connection(self, command["id"], command["scope"])
            self.connections[connection.ident] = connection
            self.tasks.add(asyncio.ensure_future(connection.run(self.application)))
        elif command["do"] == "values":
            self.tell_values(command["module"])
        elif command["do"] == "trace":
            self.tracer = tracer.Tracer(self.witness, self.say)
        elif command["do"] == "pulse":
            self.pulse = Pulse(self.witness, self.loop)
        elif command["do"] == "pulse-over":
            self.say("pulse", **self.pulse.end())
        elif command["do"] == "hold":
            self.records.arm(command["when"], command["text"])
        elif command["do"] == "layer":
            self.tell_layer(command["forget"])
        elif command["do"] in ("prepare", "crowd", "rows", "groups", "log_out"):
            self.records.obey(command)
        else:
            self.connections[command["id"]].inbox.put_nowait(rebuilt(command["event"]))

    def tell_layer(self, forget: bool) -> None:
        """Tell what the channel layer was asked, and forget it; or why it cannot be made."""
        try:
            self.say("layer", **self.layer.told())
            if forget:
                self.layer.calls.clear()
        except BaseException as error:
            self.say("not-told", error=self.witness.error(error))

    def tell_values(self, name: str) -> None:
        """Import a module of the learner's, and tell what its names are bound to."""
        try:
            named = vars(importlib.import_module(name))
        except BaseException as error:
            self.say("not-imported", error=self.witness.error(error))
            return
        values = {key: plain(value) for key, value in named.items() if key[:1] != "_"}
        self.say("values", values=values)


def take_streams() -> tuple[Any, int]:
    """Move the coach's pipes out of the way: what the learner prints goes to standard error."""
    commands = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, f"__{name}__", getattr(sys, name))
    return commands, answers


def run() -> None:
    """Serve one learner's site until the coach closes the pipe."""
    commands, answers = take_streams()
    host = Host(loads(commands.readline()), commands, answers)
    host.prepare()
    if "tests" in host.config:
        testing.run(host)
    elif host.load():
        try:
            asyncio.run(host.serve())
        except BaseException as error:
            host.say("died", error=host.witness.error(error))
    sys.stdout.flush()
    really_exit(0)
