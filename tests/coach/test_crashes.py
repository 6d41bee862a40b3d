"""Code that breaks: each of these gives exit code 1 and a report that names the culprit, in time,
and never a traceback of the coach."""

import sys
from dataclasses import dataclass, field
from unittest.mock import ANY

import pytest

from coach import course

ENTRY, ROUTES, CONSUMERS = "gs2/asgi.py", "myapp/routes.py", "myapp/consumers.py"

# The bound that the course promises. Nothing else here looks at a clock.
REPORT_S = 20


@dataclass(frozen=True)
class Crash:
    """The site after `lesson`, in which `culprit` stands in the place of `instead_of`.

    instead_of: None puts the culprit at the end of the file
    look_at: what the report points at, where that is not the culprit's first line
    """

    name: str
    culprit: bytes | str
    diagnosis: str | None
    got: str | tuple[str, ...]
    file: str = ENTRY
    lesson: int = 3
    step: int = 1
    instead_of: str | None = None
    look_at: str | None = None
    removed: list[str] = field(default_factory=list)

    def tree(self) -> course.Tree:
        tree = course.state(self.lesson)
        for path in self.removed:
            del tree[path]
        if self.culprit:
            tree[self.file] = self.written(tree[self.file])
        return tree

    def written(self, data: bytes) -> bytes:
        culprit = self.culprit.encode() if isinstance(self.culprit, str) else self.culprit
        if self.instead_of is None:
            return data + culprit + b"\n"
        assert data.count(self.instead_of.encode()) == 1
        return data.replace(self.instead_of.encode(), culprit)

    def place(self) -> str:
        """`file:line` of the first line of the culprit."""
        if self.look_at is not None:
            return self.look_at
        before = course.state(self.lesson)[self.file]
        if self.instead_of is not None:
            before = before.partition(self.instead_of.encode())[0]
        return f"{self.file}:{len(before.splitlines()) + 1}"


SENDS_HELLO = '    await send({"type": "websocket.send", "text": "hello"})\n'
COUNTS = "        self.count += 1\n"
SC_TEXT = '            self.send({"type": "websocket.send", "text": number + event["text"]})\n'
AC_ACCEPTS = '        await self.send({"type": "websocket.accept"})\n'
AC_CHATS = """\
        await self.send({"type": "websocket.accept"})
        async def chat():
            while True: await self.send({"type": "websocket.send", "text": "tea"}); await sleep(0)
        from asyncio import ensure_future, sleep
        self.task = ensure_future(chat())
"""
SC_ENDS = "        raise StopConsumer()\n"
ENDLESS_PAGE = """
from django.http import StreamingHttpResponse

async def letters():
    while True: yield b"x"

def show_map(request):
    return StreamingHttpResponse(letters())
"""
# Whichever bound is reached first on a slow machine.
NO_END = (
    "more than 10,000 events, and no end", "it goes on sending by itself, for 5 s and longer",
    "no answer within 5 s",
)  # fmt: skip
PATTERNS = "websocket_urlpatterns = [\n"
MERGE = "<<<<<<< HEAD\npatterns = [\n=======\nwebsocket_urlpatterns = [\n>>>>>>> other\n"

UNREADABLE = [
    Crash(
        "a list that is not closed", "websocket_urlpatterns = [\n", "bracket-not-closed",
        "SyntaxError: '[' was never closed", ROUTES,
        instead_of="websocket_urlpatterns = [\n    path(\"ws/hello/\", consumers.hello),\n]\n",
    ),
    Crash(
        "tabs mixed with spaces", "\tevent = await receive()\n", "tabs-and-spaces",
        "TabError: inconsistent use of tabs and spaces in indentation", CONSUMERS,
        instead_of="        event = await receive()\n",
    ),
    Crash(
        "a file that is not UTF-8", "name = 'Käse'".encode("latin-1"), "file-not-utf8",
        "SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xe4", ROUTES,
    ),
    Crash("a NUL byte", b"name = 'tea\0'", "file-with-nul-byte",
          ("SyntaxError: source code", "ValueError: source code"),  # the latter up to Python 3.11.3
          ROUTES),
    Crash("merge markers", MERGE, "merge-markers", "SyntaxError: ", ROUTES, instead_of=PATTERNS),
    Crash("a circular import", "from gs2.asgi import application", "circular-import",
          "ImportError: cannot import name 'application' from partially", ROUTES),
    Crash("a deleted settings.py", "", "settings-file-missing",
          "ModuleNotFoundError: No module named 'gs2.settings'",
          look_at="gs2/settings.py", removed=["gs2/settings.py"]),
    Crash("a deleted asgi.py", "", "entry-file-missing",
          "ModuleNotFoundError: No module named 'gs2.asgi'",
          look_at="gs2/asgi.py", removed=["gs2/asgi.py"]),
    Crash("infinite recursion", "def again():\n    again()\n\nagain()\n", "endless-recursion",
          "RecursionError: maximum recursion depth exceeded", look_at="gs2/asgi.py:24"),
]  # fmt: skip

AT_IMPORT = [
    Crash("an endless loop at import", "while True: pass", "hang-at-import",
          "the import did not end within 8 s"),
    Crash("a long sleep at import", "import time; time.sleep(3600)", "hang-at-import",
          "the import did not end within 8 s"),
    Crash("sys.exit(0) at import", "import sys; sys.exit(0)", "exit-at-import", "SystemExit: 0"),
    Crash("os._exit(0) at import", "os._exit(0)", "process-ended",
          "the process ended by os._exit(0)"),
    Crash("os._exit(0) in another module", "import os; os._exit(0)", "process-ended",
          "the process ended by os._exit(0)", ROUTES),
    Crash("a process that kills itself", "os.kill(os.getpid(), 9)", "process-ended",
          "the process ended by os.kill("),
    Crash("a process that aborts", "os.abort()", "process-ended",
          "the process ended by os.abort()"),
    Crash("a process that crashes", "import ctypes; ctypes.string_at(0)", "process-ended",
          "the process ended with exit status -11"),
    Crash("ten million lines of output",
          'for n in range(10_000_000): print("line", n)', "too-much-output",
          "more than 10,000 lines of output, or 1 MB"),
    Crash("one line without end",
          'import sys\nwhile True: sys.stdout.write("x" * 1000)', "too-much-output",
          "more than 10,000 lines of output, or 1 MB", look_at="gs2/asgi.py:24"),
]  # fmt: skip

IN_HANDLERS = [
    Crash("an endless loop in a handler", "    while True: pass\n", "hang-in-handler",
          "no answer within 5 s", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("a long sleep in a handler", "    import time; time.sleep(3600)\n", "hang-in-handler",
          "no answer within 5 s", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("an endless loop in a sync handler", "        while True: pass\n", "hang-in-handler",
          "no answer within 5 s", CONSUMERS, lesson=4, step=2, instead_of=COUNTS),
    Crash("a long sleep in a sync handler", "        import time; time.sleep(3600)\n",
          "hang-in-handler", "no answer within 5 s", CONSUMERS, lesson=4, step=2,
          instead_of=COUNTS),
    Crash("sys.exit(0) in a handler", "    import sys; sys.exit(0)\n", "exit-in-handler",
          "SystemExit: 0", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("sys.exit(0) in a sync handler", "        import sys; sys.exit(0)\n", "exit-in-handler",
          "SystemExit: 0", CONSUMERS, lesson=4, step=2, instead_of=COUNTS),
    Crash("os._exit(0) in a handler", "    import os; os._exit(0)\n", "process-ended",
          "the process ended by os._exit(0)", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("infinite recursion in a handler",
          "    async def again(): await again()\n    await again()\n", "endless-recursion",
          "RecursionError: maximum recursion depth exceeded", CONSUMERS, step=2,
          instead_of=SENDS_HELLO),
    Crash("endless output of a handler", '    while True: print("tea")\n', "too-much-output",
          "more than 10,000 lines of output, or 1 MB", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("endless output of a sync handler", '        while True: print("tea")\n',
          "too-much-output", "more than 10,000 lines of output, or 1 MB", CONSUMERS, lesson=4,
          step=2, instead_of=COUNTS),
    Crash("a task that sends without end", AC_CHATS, ANY, NO_END,
          CONSUMERS, lesson=5, instead_of=AC_ACCEPTS, look_at="myapp/consumers.py:61"),
    Crash("a raw application that sends without end",
          '    while True: await send({"type": "websocket.send", "text": "hello"})\n', ANY,
          NO_END, CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("coroutines made without end",
          '    while True: send({"type": "websocket.send", "text": "hello"})\n', ANY,
          NO_END, CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("a page without end", ENDLESS_PAGE, ANY, NO_END,
          "myapp/views.py", look_at="gs2/asgi.py"),
    Crash("a handler that sends without end when the client has left",
          '        while True: self.send({"type": "websocket.send", "text": "bye"})\n', ANY,
          NO_END, CONSUMERS, lesson=4, step=5, instead_of=SC_ENDS),
]  # fmt: skip


CRASHES = {crash.name: crash for crash in (*UNREADABLE, *AT_IMPORT, *IN_HANDLERS)}


@pytest.mark.parametrize("crash", CRASHES.values(), ids=CRASHES)
def test_crash_is_reported_with_its_culprit(crash, at_work, lay_out):
    lay_out(crash.tree())

    ran = at_work("check", crash.lesson, "--json", timeout_s=REPORT_S)

    assert (ran.code, ran.err) == (1, "")
    failed = ran.failed
    assert failed["got"].startswith(crash.got)
    assert failed["step"] == crash.step
    assert failed["look_at"] == crash.place()
    assert failed["diagnosis"] == crash.diagnosis


NOISE = """
for number in range(3, 60):
    try: os.write(number, b'1\\n"noise"\\n')
    except OSError: pass
"""
LOOP = """
def loop():
    while True: pass
threading.Thread(target=loop).start()
"""
UNTOLD = """
class Untold(Exception):
    def __str__(self): raise self
    __repr__ = __str__
raise Untold
"""
DEEP = """
import sys
sys.setrecursionlimit(2 ** 30)
class Deep:
    def __getattr__(self, name): return getattr(self, name + "x")
    def __eq__(self, other): return [self] == [Deep()]
Deep() == 1
"""
STUBBORN = """
def stubborn():
    while True:
        try: yield
        except GeneratorExit: pass
kept = stubborn(); next(kept); del kept
"""
TAMPERED = {
    "pytest.fail": "import pytest; pytest.fail = lambda *a, **k: None",
    "atexit with os._exit": "import atexit; atexit.register(os._exit, 0)",
    "atexit with sys.exit": "import atexit, sys; atexit.register(sys.exit, 0)",
    "builtins.print": "import builtins; builtins.print = None",
    "builtins.len": "import builtins; builtins.len = lambda thing: 0",
    "builtins.isinstance": "import builtins; builtins.isinstance = lambda thing, kind: True",
    "builtins.getattr": "import builtins; del builtins.getattr",
    "builtins.open": "import builtins; builtins.open = None",
    "builtins.__import__": "import builtins; builtins.__import__ = None",
    "json.dumps that raises": "import json; json.dumps = None",
    "json.dumps that lies": 'import json; json.dumps = lambda *a, **k: \'{"say": "loaded"}\'',
    "json.dumps that gives nonsense": "import json; json.dumps = lambda *a, **k: 'nonsense'",
    "json.dumps that gives a number": "import json; json.dumps = lambda *a, **k: '1'",
    "json.dumps that gives an empty dict": "import json; json.dumps = lambda *a, **k: '{}'",
    "json.loads": "import json; json.loads = None",
    "os.write": "os.write = lambda number, data: len(data)",
    "os.write that raises": "os.write = None",
    "os._exit": "os._exit = lambda status: None",
    "asyncio.Queue": "import asyncio; asyncio.Queue = None",
    "asyncio.ensure_future": "import asyncio; asyncio.ensure_future = None",
    "asyncio.run": "import asyncio; asyncio.run = lambda coroutine: coroutine.close()",
    "asyncio.run that never ends": "import asyncio; asyncio.run = lambda coroutine: print(input())",
    "sys._getframe": "import sys; del sys._getframe",
    "sys.modules": "import sys; sys.modules.clear()",
    "sys.stdout": "import sys; sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None",
    "closed standard streams": "os.closerange(0, 3)",
    "closed file descriptors": "os.closerange(3, 200)",
    "closed everything": "os.closerange(0, 200)",
    "a file in place of the pipes": "os.closerange(3, 200); kept = open(__file__), open(__file__)",
    "noise in every file descriptor": NOISE,
    "a thread that never ends": "import threading; threading.Thread(target=input).start()\n" + LOOP,
    "another working directory": "os.chdir('/'); os.environ.clear()",
    "warnings as errors": "import warnings; warnings.simplefilter('error')",
    "an alarm": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.alarm(1)",
    "three forks": "os.fork(); os.fork(); os.fork()",
    "a fork whose parent leaves": "if os.fork(): really = os._exit(0)",
    "application is a number": "application = 5",
    "application is missing": "del application",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "an exception without a text": UNTOLD,
    "deep recursion with a raised limit": DEEP,
    "no memory": "much = bytearray(10 ** 15)",
    "a generator that cannot end": STUBBORN,
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_process_never_passes(name, at_work, lay_out):
    """A site that greets with another word fails, whatever it does to its own process."""
    tree = course.state(3)
    tree[ENTRY] += b"\n" + TAMPERED[name].encode() + b"\n"
    tree[CONSUMERS] = tree[CONSUMERS].replace(b'"text": "hello"', b'"text": "another word"')
    lay_out(tree)

    ran = at_work("check", 3, "--json", timeout_s=REPORT_S)

    assert (ran.code, ran.err) == (1, "")
    assert ran.failed["step"] in (1, 2)
    assert ran.failed["look_at"].partition(":")[0] in (ENTRY, ROUTES, CONSUMERS, "myapp/views.py")


def test_crash_shows_no_traceback_unless_asked(at_work, lay_out):
    lay_out(course.edited(course.state(3), [course.Edit(ROUTES, "path(", "paht(")]))

    ran = at_work("check", 3, timeout_s=REPORT_S)
    traced = at_work("check", 3, "--trace", timeout_s=REPORT_S)

    assert (ran.code, ran.err) == (1, "")
    assert "    got       NameError: name 'paht' is not defined\n" in ran.out
    assert "the traceback" not in ran.out
    assert "    the traceback\n" in traced.out
    assert "      NameError: name 'paht' is not defined\n" in traced.out


def test_output_of_the_site_is_shown_folded(at_work, lay_out):
    """A few lines are shown whole, of many the last; the report stays whole around them."""
    tree = course.state(3)
    tree[ROUTES] += b"for n in range(30): print('line', n)\nwebsocket_urlpatterns = tea\n"
    lay_out(tree)

    ran = at_work("check", 3, timeout_s=REPORT_S)

    assert "    printed by your site (the last 12 lines of 30)\n" in ran.out
    assert "      line 18\n" in ran.out
    assert "line 17\n" not in ran.out


# Starts a process that would live for an hour, and notes its number.
LEAVES = """
import subprocess, sys
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], **%r)
with open(%r, "a") as file: print(left.pid, file=file)
"""
OTHER_SESSION = {"start_new_session": True}
KINDS: dict[str, dict[str, object]] = {
    "in the same group": {},
    "with descriptors of its own": {"stdin": -3, "stdout": -3, "stderr": -3},
    "in a session of its own": OTHER_SESSION,
    "with every descriptor, in a session of its own": OTHER_SESSION | {"close_fds": False},
}


@pytest.mark.parametrize("kind", KINDS)
def test_process_left_running_is_gone_afterwards(kind, at_work, lay_out, tmp_path, wait_gone):
    """A site that starts other processes does not hold the coach up, and they end with it."""
    if "start_new_session" in KINDS[kind] and sys.platform != "linux":
        pytest.skip("only Linux shows whose a process of another session is")
    tree = course.state(4)
    tree[ENTRY] += (LEAVES % (KINDS[kind], str(tmp_path / "pids"))).encode()
    lay_out(tree)

    ran = at_work("check", 3, "--json", timeout_s=REPORT_S)

    assert (ran.code, ran.err) == (0, "")
    pids = (tmp_path / "pids").read_text().split()
    assert len(pids) == 2  # one of the site in process, one under Daphne
    wait_gone(pids)


def test_forks_are_gone_afterwards(at_work, lay_out, tmp_path, wait_gone):
    tree = course.state(3)
    tree[ENTRY] += f"""
os.fork(); os.fork(); os.fork()
with open({str(tmp_path / "pids")!r}, "a") as file: print(os.getpid(), file=file)
while True: pass
""".encode()
    lay_out(tree)

    ran = at_work("check", 3, "--json", timeout_s=REPORT_S)

    assert (ran.code, ran.err) == (1, "")
    pids = (tmp_path / "pids").read_text().split()
    assert len(set(pids)) == 8
    wait_gone(pids)
