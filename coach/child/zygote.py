"""A warm process that has imported everything but the learner's code, and forks for each site.

It speaks over one Unix socket: `{"do": "fork", "imports": […]}` comes with three descriptors
(standard input, output and error of the new process), imports these modules before it forks, and
is answered with `{"pid": …}`; `{"do": "reap", "pid": …}` waits for a process that has ended and
answers with its `{"status": …}` as `waitpid` gives it. When the socket closes, what still runs is
killed.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
from collections.abc import Iterable

from coach.child import host

WARM = (
    "asyncio", "channels.auth", "channels.consumer", "channels.generic.websocket",
    "channels.layers", "channels.routing", "channels.security.websocket", "channels.sessions",
    "concurrent.futures.thread", "daphne.apps", "daphne.server", "django.conf.global_settings",
    "django.contrib.auth.apps", "django.contrib.auth.context_processors",
    "django.contrib.contenttypes.apps", "django.contrib.messages.apps",
    "django.contrib.messages.storage.fallback", "django.contrib.sessions.apps",
    "django.contrib.sessions.backends.db", "django.contrib.staticfiles.apps", "django.core.asgi",
    "django.core.handlers.asgi", "django.core.management",
    "django.core.management.commands.migrate", "django.db.backends.sqlite3.base",
    "django.db.migrations.autodetector", "django.db.models", "django.forms",
    "django.middleware.clickjacking", "django.middleware.common", "django.middleware.csrf",
    "django.middleware.security", "django.shortcuts", "django.template.backends.django",
    "django.template.defaulttags", "django.template.loader_tags", "django.urls",
    "django.views.debug",
)  # fmt: skip


def warm_up(names: Iterable[str] = WARM) -> None:
    """Import what every site needs, or these; nothing that asks for settings."""
    for name in names:
        with contextlib.suppress(ImportError):  # then the site that needs it says so
            importlib.import_module(name)


def run(descriptor: int) -> None:
    """Fork on request until the other end closes."""
    warm_up()
    gc.freeze()  # or each fork's first collection would copy every page that it looks at
    children: set[int] = set()
    with socket.socket(fileno=descriptor) as link:
        while True:
            data, descriptors, _, _ = socket.recv_fds(link, 65_536, 3)
            if not data:
                break
            order = json.loads(data)
            if order["do"] == "fork":
                warm_up(order["imports"])
                pid = os.fork()
                if pid == 0:
                    link.close()
                    become_host(descriptors)
                lead_a_group(pid)
                for number in descriptors:
                    os.close(number)
                children.add(pid)
                link.sendall(json.dumps({"pid": pid}).encode() + b"\n")
            else:
                _, status = os.waitpid(order["pid"], 0)
                children.discard(order["pid"])
                link.sendall(json.dumps({"status": status}).encode() + b"\n")
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    os._exit(0)


def lead_a_group(pid: int) -> None:
    """Give a fork the group by which it is ended, with all that it starts. The fork does so itself
    and so does who forked it: whichever is first, nobody ends it before it has one."""
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)


def become_host(descriptors: list[int]) -> None:
    """Turn this fork into a host whose standard streams are the given descriptors."""
    lead_a_group(0)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    try:
        host.run()
    finally:
        host.really_exit(1)
