"""What the learner's site keeps: its tables and its groups, as plain data.

Everything that queries runs in a thread of its own, as no query may run on the event loop.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from coach.child import crowd
from coach.child.witness import Told, Witness, text_of

Say = Callable[..., None]
HOLD_LIMIT_S = 2.0
SESSION = "sessions.Session"


class Records:
    """The records of one process; `say` tells the coach."""

    def __init__(self, witness: Witness, say: Say) -> None:
        self.witness = witness
        self.say = say
        self.loop_thread = 0
        self.hold = self.text = ""
        self.may_go_on = threading.Event()

    def obey(self, command: Told) -> None:
        """Do a command, in a thread, and answer it."""
        act: Callable[[Told], Told] = getattr(self, f"tell_{command['do']}")

        def work() -> None:
            from django.db import connections

            try:
                self.say(command["do"], **act(command))
            except BaseException as error:
                self.say("not-told", error=self.witness.error(error))
            finally:
                connections.close_all()

        threading.Thread(target=work, daemon=True).start()

    # -- the database ----------------------------------------------------------------------

    def models(self) -> list[Any]:
        """The learner's models; none where Django is not set up."""
        try:
            from django.apps import apps

            return [model for model in apps.get_models() if self.is_ours(model)]
        except Exception:
            return []

    def is_ours(self, model: type) -> bool:
        module = sys.modules.get(model.__module__)
        return self.witness.is_ours(getattr(module, "__file__", None) or "")

    def tell_prepare(self, command: Told) -> Told:
        """Run the migrations, make these users, and log each of them in: their session keys."""
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        return {
            "sessions": {name: self.log_in(name) for name in command["users"]},
            "unmigrated": [*unmigrated()],
            "without_table": [*self.without_table()],
        }

    def log_in(self, name: str) -> str:
        from django.contrib.auth import get_user_model
        from django.contrib.auth.hashers import PBKDF2PasswordHasher

        password = PBKDF2PasswordHasher().encode(f"{name}-learns", "coach", iterations=1)
        user, _ = get_user_model().objects.get_or_create(
            username=name, defaults={"password": password}
        )
        session = crowd.log_in(user)
        session.create()
        return str(session.session_key)

    def tell_crowd(self, command: Told) -> Told:
        """Make so many users more, and log each of them in: their session keys."""
        return {"sessions": crowd.session_keys(command["count"])}

    def without_table(self) -> Iterator[str]:
        from django.db import connection

        tables = connection.introspection.table_names()
        for model in self.models():
            if model._meta.managed and model._meta.db_table not in tables:
                yield model.__name__

    def tell_rows(self, command: Told) -> Told:
        """Every row of every model of the learner's, as texts by field."""
        rows = [
            {"model": model.__name__, **{name: str(value) for name, value in row.items()}}
            for model in self.models()
            for row in model._default_manager.order_by("pk").values()
        ]
        return {"rows": rows}

    def tell_log_out(self, command: Told) -> Told:
        """End sessions, as log-out does."""
        from django.contrib.sessions.models import Session

        return {"ended": Session.objects.filter(session_key__in=command["sessions"]).delete()[0]}

    # -- the channel layer -----------------------------------------------------------------

    def tell_groups(self, command: Told) -> Told:
        """The members of each group of the layer in memory; None for another layer, or none."""
        from channels.layers import get_channel_layer

        groups = getattr(get_channel_layer(), "groups", None)
        if not isinstance(groups, dict):
            return {"groups": None}
        return {"groups": {str(name): len(inside) for name, inside in groups.items() if inside}}

    # -- moments ---------------------------------------------------------------------------

    def arm(self, when: str, text: str) -> None:
        """Hold the next query on a model of the learner's: "before" any read, "after" a read that
        has found this text, or before the "write" of it; or the next read of a "session".

        `held` is told then, and the query goes on at `release`, or by itself after a limit. What
        runs on the event loop's thread is never held, as nobody else could go on then.
        """
        from django.db.models.query import QuerySet

        self.hold, self.text = when, text
        self.may_go_on.clear()
        fetch: Any = QuerySet._fetch_all
        if getattr(fetch, "is_held", False):
            return

        def held_fetch(query: Any) -> None:
            is_read = query._result_cache is None and self.is_ours(query.model)
            is_session = query._result_cache is None and query.model._meta.label == SESSION
            if (is_read and self.hold == "before") or (is_session and self.hold == "session"):
                self.wait()
            fetch(query)
            if is_read and self.hold == "after" and self.is_in(query._result_cache):
                self.wait()

        held: Any = held_fetch
        held.is_held = True
        QuerySet._fetch_all = held  # type: ignore[method-assign]

    def is_in(self, found: list[Any]) -> bool:
        """Whether a row, or what was read of it, has the text of the moment."""
        return any(self.text in text_of(getattr(row, "__dict__", row)) for row in found)

    def wait(self) -> None:
        if threading.get_ident() == self.loop_thread:
            return
        self.hold = ""
        self.say("held")
        if not self.may_go_on.wait(HOLD_LIMIT_S):
            self.say("held-too-long")

    def release(self) -> None:
        """Let what is held go on, and hold nothing more."""
        self.hold = ""
        self.may_go_on.set()

    def watch_queries(self, loop_thread: int) -> None:
        """Tell of each query that a line of the learner's makes on the event loop's thread."""
        from django.db.backends.signals import connection_created

        self.loop_thread = loop_thread
        connection_created.connect(self.on_connection, weak=False)

    def on_connection(self, connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(self.on_query)

    def on_query(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if threading.get_ident() == self.loop_thread:
            self.say("query", at=self.witness.running_on(self.loop_thread))
        elif self.hold == "write" and self.is_write(sql) and self.text in text_of(params):
            self.wait()
        return execute(sql, params, many, context)

    def is_write(self, sql: Any) -> bool:
        """Whether this makes a row of a model of the learner's."""
        tables = [model._meta.db_table for model in self.models()]
        return str(sql).startswith("INSERT") and any(table in str(sql) for table in tables)


def unmigrated() -> Iterator[str]:
    """What the models have and no migration makes, in Django's words."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState

    loader = MigrationLoader(None)
    had, wanted = loader.project_state(), ProjectState.from_apps(apps)
    changes = MigrationAutodetector(had, wanted).changes(graph=loader.graph)
    for label, migrations in changes.items():
        for migration in migrations:
            for operation in migration.operations:
                if changes_table(had.models, label, operation):
                    yield f"{label}: {operation.describe()}"


def changes_table(had: Any, label: str, operation: Any) -> bool:
    """False for what Django notes in a migration and no table shows: an ordering, a help text."""
    kind = type(operation).__name__
    if kind == "AlterField":
        old = had[label, operation.model_name_lower].fields[operation.name]
        return bool(in_table(old) != in_table(operation.field))
    return kind not in ("AlterModelOptions", "AlterModelManagers")


def in_table(field: Any) -> tuple[Any, ...]:
    """What of a field stands in its table."""
    _, path, args, kwargs = field.deconstruct()
    return path, args, {key: kwargs[key] for key in kwargs if key not in field.non_db_attrs}
