"""Eight ways to break a learner's site without a change of its source, whatever is called what.

Each patches what lies below the site, before the site is imported, and leaves all else as it
is. What the tests do themselves is left alone too, their own rows for instance: a communicator
starts the application in a context of its own, in which `IN_TEST` is not set.
"""

import contextlib
import copy
import functools
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Meet = Callable[[Any, Any, Receive, Send], Awaitable[tuple[Receive, Send]]]
IN_TEST: ContextVar[bool] = ContextVar("IN_TEST", default=False)
GONE = {"type": "websocket.disconnect", "code": 1000}
NUMBERED = re.compile(r"\A(\d+): ")


class Act:
    """One act of sabotage.

    touched: how often it has come into play
    counts: for each class of consumers, how many messages its connections had in this test
    """

    def __init__(self, is_ours: Callable[[type], bool]) -> None:
        self.is_ours = is_ours
        self.touched = 0
        self.counts: Counter[type] = Counter()

    def concerns(self, model: type) -> bool:
        """Whether the site, and not a test, is about to save a model of the learner's."""
        return not IN_TEST.get() and self.is_ours(model)


def install(name: str, is_ours: Callable[[type], bool]) -> Act:
    """Break what `name` says; nothing, where it is ""."""
    act = Act(is_ours)
    IN_TEST.set(True)
    if name:
        SABOTAGES[name](act)
    return act


def around_consumers(meet: Meet) -> None:
    """Have `meet` stand between each consumer and its connection; it gives both ends anew."""
    from channels.consumer import AsyncConsumer

    call: Any = AsyncConsumer.__call__

    async def broken(self: Any, scope: Any, receive: Receive, send: Send) -> None:
        receive, send = await meet(self, scope, receive, send)
        await call(self, scope, receive, send)

    AsyncConsumer.__call__ = broken  # type: ignore[method-assign, assignment]


def told(event: Event) -> Any:
    """What a frame that the site sends holds as JSON; None where it holds none."""
    try:
        return json.loads(event.get("text") or event.get("bytes") or "")
    except (ValueError, TypeError, AttributeError):
        return None


# -- the channel layer ----------------------------------------------------------------------------


def rooms_leak(act: Act) -> None:
    """What is sent to one group reaches the members of all groups."""
    from channels.exceptions import ChannelFull
    from channels.layers import InMemoryChannelLayer

    async def group_send(self: Any, group: str, message: Event) -> None:
        self.require_valid_group_name(group)
        self._clean_expired()
        members = {channel: None for inside in self.groups.values() for channel in inside}
        act.touched += len(members) > len(self.groups.get(group, ()))
        for channel in members:
            with contextlib.suppress(ChannelFull):
                await self.send(channel, message)

    InMemoryChannelLayer.group_send = group_send  # type: ignore[method-assign]


def no_discard(act: Act) -> None:
    """Nobody leaves a group."""
    from channels.layers import InMemoryChannelLayer

    async def group_discard(self: Any, group: str, channel: str) -> None:
        self.require_valid_channel_name(channel)
        self.require_valid_group_name(group)
        act.touched += channel in self.groups.get(group, ())

    InMemoryChannelLayer.group_discard = group_discard  # type: ignore[method-assign]


# -- the database ---------------------------------------------------------------------------------


def lines_saved_twice(act: Act) -> None:
    """What the site saves is there a second time, under another key."""
    from django.db.models.query import QuerySet

    insert = QuerySet._insert  # type: ignore[attr-defined]

    @functools.wraps(insert)
    def insert_twice(self: Any, objs: list[Any], fields: Any, **options: Any) -> Any:
        result = insert(self, objs, fields, **options)
        if act.concerns(self.model):
            act.touched += 1
            insert(self, [again(one) for one in objs], fields, **options)
        return result

    QuerySet._insert = insert_twice  # type: ignore[attr-defined]


def again(row: Any) -> Any:
    """A row like this one, which has no key yet, or a new one where rows choose their own."""
    other = copy.copy(row)
    other.pk = row._meta.pk.get_default() if row._meta.pk.has_default() else None
    return other


def await_forgotten(act: Act) -> None:
    """What the site saves has a key and a time, and is not kept."""
    from django.db.models.query import QuerySet

    insert = QuerySet._insert  # type: ignore[attr-defined]

    @functools.wraps(insert)
    def insert_and_forget(self: Any, objs: list[Any], fields: Any, **options: Any) -> Any:
        result = insert(self, objs, fields, **options)
        if act.concerns(self.model):
            act.touched += 1
            names = [field.name for field in options.get("returning_fields") or ()]
            at = names.index(self.model._meta.pk.name) if self.model._meta.pk.name in names else -1
            keys = [one.pk for one in objs] if at < 0 else [row[at] for row in result]
            database = options.get("using") or self.db
            rows = self.model._base_manager.using(database).filter(pk__in=keys)
            rows._raw_delete(database)
        return result

    QuerySet._insert = insert_and_forget  # type: ignore[attr-defined]


# -- connections ----------------------------------------------------------------------------------


def history_reversed(act: Act) -> None:
    """Of several lines that answer one event, as on joining, the last comes first."""

    async def meet(self: Any, scope: Any, receive: Receive, send: Send) -> tuple[Receive, Send]:
        held: list[list[Event]] = []
        dispatch = self.dispatch

        async def release() -> None:
            lines = held.pop() if held else []
            act.touched += lines != lines[::-1]
            for event in reversed(lines):
                await send(event)

        async def send_later(event: Event) -> None:
            line = told(event)
            if held and isinstance(line, dict) and "error" not in line:
                held[-1].append(event)
                return
            if held:
                await release()
                held.append([])
            await send(event)

        async def dispatch_reversed(message: Event) -> None:
            held.append([])
            try:
                await dispatch(message)
            finally:
                await release()

        self.dispatch = dispatch_reversed
        return receive, send_later

    around_consumers(meet)


def error_closes(act: Act) -> None:
    """A connection that is told of an error is closed."""

    async def meet(self: Any, scope: Any, receive: Receive, send: Send) -> tuple[Receive, Send]:
        is_closed = False

        async def send_and_close(event: Event) -> None:
            nonlocal is_closed
            if is_closed:
                return
            await send(event)
            answer = told(event)
            if isinstance(answer, dict) and "error" in answer:
                is_closed = True
                act.touched += 1
                await send({"type": "websocket.close", "code": 1000})

        async def receive_until_closed() -> Event:
            event = GONE if is_closed else await receive()
            return GONE if is_closed else event

        return receive_until_closed, send_and_close

    around_consumers(meet)


def count_shared(act: Act) -> None:
    """The answers "<n>: …" of a sync consumer count the messages of all its connections."""
    from channels.consumer import SyncConsumer

    async def meet(self: Any, scope: Any, receive: Receive, send: Send) -> tuple[Receive, Send]:
        own = 0

        def recount(found: re.Match[str]) -> str:
            nonlocal own
            act.counts[type(self)] += int(found[1]) - own
            own = int(found[1])
            act.touched += act.counts[type(self)] != own
            return f"{act.counts[type(self)]}: "

        async def send_recounted(event: Event) -> None:
            text, data = event.get("text"), event.get("bytes")
            if isinstance(text, str):
                event = event | {"text": NUMBERED.sub(recount, text)}
            elif isinstance(data, bytes):
                text = NUMBERED.sub(recount, data.decode("latin-1"))
                event = event | {"bytes": text.encode("latin-1")}
            await send(event)

        return receive, send_recounted if isinstance(self, SyncConsumer) else send

    around_consumers(meet)


def anonymous_admitted(act: Act) -> None:
    """A visitor who has not logged in is somebody who has."""
    from channels import auth

    get_user: Any = auth.get_user

    async def get_somebody(scope: Any) -> Any:
        user = await get_user(scope)
        return user if user.is_authenticated else await somebody(scope)

    async def meet(self: Any, scope: Any, receive: Receive, send: Send) -> tuple[Receive, Send]:
        if not getattr(scope.get("user"), "is_authenticated", True):
            scope["user"] = await somebody(scope)
        return receive, send

    async def somebody(scope: Any) -> Any:
        act.touched += 1
        return await logged_in(scope)

    auth.get_user = get_somebody
    around_consumers(meet)


async def logged_in(scope: Any) -> Any:
    """A user of the database; the session of the connection, where it has one, is theirs."""
    from asgiref.sync import sync_to_async
    from django.contrib import auth

    model: Any = auth.get_user_model()
    user, _ = await model._default_manager.aget_or_create(**{model.USERNAME_FIELD: "somebody"})
    if "session" in scope:
        session = scope["session"]
        session[auth.SESSION_KEY] = str(user.pk)
        session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
        await sync_to_async(session.save)()
    return user


SABOTAGES: dict[str, Callable[[Act], None]] = {
    "rooms leak": rooms_leak,
    "history reversed": history_reversed,
    "lines saved twice": lines_saved_twice,
    "anonymous admitted": anonymous_admitted,
    "no discard": no_discard,
    "error closes": error_closes,
    "count shared": count_shared,
    "await forgotten": await_forgotten,
}
