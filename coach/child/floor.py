"""The least that a warm verdict needs: on each line of its input a fork that imports the learner's
files and answers one WebSocket.

python -P coach/child/floor.py FOLDER PATH          prints a line for each connection accepted
"""

import asyncio
import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parents[2])
sys.path.insert(0, ROOT)
from coach.child.zygote import warm_up  # noqa: E402  (the import path has to be set first)

sys.path.remove(ROOT)
for name in [name for name in sys.modules if name.partition(".")[0] == "coach"]:
    del sys.modules[name]


def answer(folder: str, path: str) -> None:
    """Import the site in a folder, and open a WebSocket there."""
    os.chdir(folder)
    sys.path.insert(0, folder)
    application = importlib.import_module("gs2.asgi").application
    asyncio.run(accepted(application, path))


async def accepted(application: Any, path: str) -> None:
    """Say that the connection was accepted, and end this process."""
    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": []}
    given: asyncio.Queue[Any] = asyncio.Queue()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    given.put_nowait({"type": "websocket.connect"})
    asyncio.ensure_future(application(scope, given.get, sent.put))  # noqa: RUF006
    event = await sent.get()
    if event["type"] != "websocket.accept":
        os._exit(1)
    os.write(1, b"accepted\n")
    os._exit(0)


warm_up()
gc.freeze()
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        answer(sys.argv[1], sys.argv[2])
    os.waitpid(child, 0)
