"""Code that breaks: each of these gives exit code 1 and a report that names the culprit, in time,
and never a traceback of the coach."""

from dataclasses import dataclass, field

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
    got: str
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
SC_ENDS = "        raise StopConsumer()\n"

UNREADABLE = [
    Crash(
        "a syntax error", "websocket_urlpatterns = [\n", "syntax-error",
        "SyntaxError: '[' was never closed", ROUTES,
        instead_of="websocket_urlpatterns = [\n    path(\"ws/hello/\", consumers.hello),\n]\n",
    ),
    Crash(
        "tabs mixed with spaces", "\t    pass\n", "tabs-and-spaces",
        "TabError: inconsistent use of tabs and spaces in indentation", CONSUMERS,
        instead_of=SENDS_HELLO,
    ),
    Crash(
        "a file that is not UTF-8", "name = 'Käse'".encode("latin-1"), "file-not-utf8",
        "SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xe4 in position 9: invalid "
        "continuation byte", ROUTES,
    ),
    Crash("a NUL byte", b"name = 'tea\0'", "file-with-nul-byte",
          "SyntaxError: source code string cannot contain null bytes", ROUTES),
    Crash("merge markers", "<<<<<<< HEAD\n", "merge-markers",
          "SyntaxError: invalid syntax", ROUTES, instead_of="websocket_urlpatterns = [\n"),
    Crash("a circular import", "from gs2.asgi import application", "circular-import",
          "?", ROUTES),
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
    Crash("a process that kills itself", "os.kill(os.getpid(), 9)", "process-ended", "?"),
    Crash("a process that aborts", "os.abort()", "process-ended", "the process ended by os.abort()"),
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
    Crash("a long sleep in a sync handler", "        import time; time.sleep(3600)\n", "hang-in-handler",
          "no answer within 5 s", CONSUMERS, lesson=4, step=2, instead_of=COUNTS),
    Crash("sys.exit(0) in a handler", "    import sys; sys.exit(0)\n", "exit-in-handler",
          "SystemExit: 0", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("sys.exit(0) in a sync handler", "        import sys; sys.exit(0)\n", "exit-in-handler",
          "SystemExit: 0", CONSUMERS, lesson=4, step=2, instead_of=COUNTS),
    Crash("os._exit(0) in a handler", "    import os; os._exit(0)\n", "process-ended",
          "the process ended by os._exit(0)", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("infinite recursion in a handler",
          "    async def again(): await again()\n    await again()\n", "endless-recursion",
          "RecursionError: maximum recursion depth exceeded", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("endless output of a handler", '    while True: print("tea")\n', "too-much-output",
          "more than 10,000 lines of output, or 1 MB", CONSUMERS, step=2, instead_of=SENDS_HELLO),
    Crash("endless output of a sync handler", '        while True: print("tea")\n', "too-much-output",
          "more than 10,000 lines of output, or 1 MB", CONSUMERS, lesson=4, step=2, instead_of=COUNTS),
    Crash("a handler that accepts and sends without end",
          '        while True: self.send({"type": "websocket.send", "text": "tea"})\n', None,
          "?", CONSUMERS, lesson=4, step=2, instead_of='        self.send({"type": "websocket.accept"})\n'),
    Crash("a handler that answers without end",
          '            while True: self.send({"type": "websocket.send", "text": "1: tea"})\n', None,
          'the text frame "1: tea"', CONSUMERS, lesson=4, step=3, instead_of=SC_TEXT),
    Crash("a handler that sends without end when the client has left",
          '        while True: self.send({"type": "websocket.send", "text": "bye"})\n', None,
          "?", CONSUMERS, lesson=4, step=5, instead_of=SC_ENDS),
]  # fmt: skip


@pytest.mark.parametrize("crash", [*UNREADABLE, *AT_IMPORT, *IN_HANDLERS], ids=lambda crash: crash.name)
def test_crash_is_reported_with_its_culprit(crash, at_work, lay_out):
    lay_out(crash.tree())

    ran = at_work("check", crash.lesson, "--json", timeout_s=REPORT_S)

    import os
    if os.environ.get("SHOW"): print("SHOW", crash.name, ran.code, ran.err[-300:], [s for s in ran.told["steps"] if s["state"]=="failed"] if ran.out else ran.out); return
    assert (ran.code, ran.err) == (1, "")
    failed = ran.failed
    assert failed["got"] == crash.got
    assert failed["step"] == crash.step
    assert failed["look_at"] == crash.place()
    assert failed["diagnosis"] == crash.diagnosis
