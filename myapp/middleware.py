"""ASGI applications that stand around other ones."""

from collections.abc import Callable

from asgiref.sync import ThreadSensitiveContext


class ThreadPerConnection:
    """Gives the sync code of each connection a thread of its own.

    Without it, one thread runs the sync code of all connections, one call after another.
    """

    def __init__(self, inner: Callable) -> None:
        self.inner = inner

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        async with ThreadSensitiveContext():
            await self.inner(scope, receive, send)
