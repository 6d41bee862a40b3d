"""The laboratory's own consumers. Each answers "<n>: <text>", n counting a connection's messages.

What differs is what they do before: one query, or some computing.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer, SyncConsumer
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from django.db import connection, connections, models

Event = dict[str, Any]
TEXTS = ("tea", "milk", "sugar")
WORK_S = 0.01
CALIBRATING_LOOPS = 100_000


async def raw(scope: Event, receive: Callable[[], Any], send: Callable[[Event], Any]) -> None:
    """The floor: the same answers from a function that uses no framework at all."""
    count = 0
    while (event := await receive())["type"] != "websocket.disconnect":
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        else:
            count += 1
            await send({"type": "websocket.send", "text": f"{count}: {event['text']}"})


class InSync(SyncConsumer):
    """A sync consumer that finds each answer by `answer`."""

    def websocket_connect(self, event: Event) -> None:
        self.count = 0
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event: Event) -> None:
        self.count += 1
        self.send({"type": "websocket.send", "text": f"{self.count}: {self.answer(event['text'])}"})

    def websocket_disconnect(self, event: Event) -> None:
        raise StopConsumer()

    def answer(self, text: str) -> str:
        raise NotImplementedError


class InAsync(AsyncConsumer):
    """The same as an async consumer."""

    async def websocket_connect(self, event: Event) -> None:
        self.count = 0
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event: Event) -> None:
        self.count += 1
        answer = await self.answer(event["text"])
        await self.send({"type": "websocket.send", "text": f"{self.count}: {answer}"})

    async def websocket_disconnect(self, event: Event) -> None:
        raise StopConsumer()

    async def answer(self, text: str) -> str:
        raise NotImplementedError


# -- one query ------------------------------------------------------------------------------------


class Line(models.Model):
    text = models.CharField(max_length=20, unique=True)
    objects: ClassVar[models.Manager["Line"]] = models.Manager()

    class Meta:
        app_label = "compare_stage"


def find(text: str) -> str:
    return str(Line.objects.get(text=text).text)


class QueryInSync(InSync):
    def answer(self, text: str) -> str:
        return find(text)


class QueryInThread(InAsync):
    async def answer(self, text: str) -> str:
        found: str = await database_sync_to_async(find)(text)
        return found


class QueryInAsync(InAsync):
    async def answer(self, text: str) -> str:
        return str((await Line.objects.aget(text=text)).text)


def use_own_database() -> None:
    """From now on every database is a SQLite file in this folder, whatever the site names."""
    for alias in connections:
        settings = connections.settings[alias]
        settings["ENGINE"] = "django.db.backends.sqlite3"
        settings["NAME"] = Path.cwd() / f"compare_stage_{alias}.sqlite3"
        settings["OPTIONS"] = {}
        with contextlib.suppress(AttributeError):  # there is none before the first query
            del connections[alias]


def create_lines() -> None:
    """Make the table. In a thread, because uvicorn imports applications on its event loop."""
    thread = threading.Thread(target=_create_lines)
    thread.start()
    thread.join()


def _create_lines() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Line)
    Line.objects.bulk_create(Line(text=text) for text in TEXTS)
    connection.close()


# -- some computing -------------------------------------------------------------------------------


def computed(loops: int) -> int:
    total = 0
    for number in range(loops):
        total += number * number
    return total


def calibrated() -> int:
    """How many loops take about WORK_S here: by the shortest of a few tries."""
    seconds = []
    for _ in range(5):
        began_s = time.perf_counter()
        computed(CALIBRATING_LOOPS)
        seconds.append(time.perf_counter() - began_s)
    return int(CALIBRATING_LOOPS * WORK_S / min(seconds))


loops = calibrated()


class WorkInSync(InSync):
    def answer(self, text: str) -> str:
        computed(loops)
        return text


class WorkInAsync(InAsync):
    async def answer(self, text: str) -> str:
        computed(loops)
        return text


CONTENDERS: dict[str, Callable[..., Any]] = {
    "/lab/raw/": raw,
    "/lab/database/sync/": QueryInSync.as_asgi(),
    "/lab/database/database-sync-to-async/": QueryInThread.as_asgi(),
    "/lab/database/async-orm/": QueryInAsync.as_asgi(),
    "/lab/cpu/sync/": WorkInSync.as_asgi(),
    "/lab/cpu/async/": WorkInAsync.as_asgi(),
}
