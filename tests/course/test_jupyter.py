"""What `make notebooks` starts: a notebook that is opened there finds what it imports."""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient

from coach.course import ROOT

PATIENCE_S = 60
COMMAND = re.search(r"\$\(TOOL\) (jupyterlab .*)", (ROOT / "Makefile").read_text("utf-8"))


class Lab:
    """JupyterLab as the Makefile starts it, without a browser, its settings in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
        environ = os.environ | {f"JUPYTER_{name}": str(folder / name) for name in names}
        self.process = subprocess.Popen(
            [sys.executable, "-m", *COMMAND[1].split(), "--no-browser", "--ServerApp.port=0"],
            cwd=ROOT, env=environ | {"IPYTHONDIR": str(folder)}, encoding="utf-8",
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.address, self.token = self._address()
        self._listens()

    def _read(self) -> None:
        for line in self.process.stderr:
            self.lines.put(line)

    def _address(self) -> tuple[str, str]:
        while True:
            line = self.lines.get(timeout=PATIENCE_S)
            if found := re.search(r"(http://127\.0\.0\.1:\d+)/\S*\?token=(\w+)", line):
                return found[1], found[2]

    def _listens(self) -> None:
        """Jupyter prints its address before it listens there."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.ask("api/status")
            except urllib.error.URLError:
                assert self.process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            else:
                return

    def ask(self, path: str, told: dict | None = None) -> dict:
        """What the server's own API answers; a POST where something is told."""
        request = urllib.request.Request(
            f"{self.address}/{path}", json.dumps(told).encode() if told else None,
            {"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def kernel_of(self, notebook: str) -> BlockingKernelClient:
        """A client of the kernel that the server starts for a notebook."""
        session = {
            "path": notebook, "name": "", "type": "notebook", "kernel": {"name": "python3"},
        }  # fmt: skip
        ident = self.ask("api/sessions", session)["kernel"]["id"]
        client = BlockingKernelClient()
        client.load_connection_file(str(self.folder / "RUNTIME_DIR" / f"kernel-{ident}.json"))
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE_S)
        return client

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stderr.close()


@pytest.fixture
def lab(tmp_path: Path):
    one = Lab(tmp_path)
    yield one
    one.stop()


def test_notebook_that_is_opened_finds_its_site_and_its_python(lab):
    opened = json.loads((ROOT / "notebooks/01-callable.ipynb").read_text("utf-8"))
    contents = lab.ask("api/contents/notebooks/01-callable.ipynb")["content"]
    assert [cell["id"] for cell in contents["cells"]] == [cell["id"] for cell in opened["cells"]]
    assert "=/lab/tree/notebooks/01-callable.ipynb" in COMMAND[1]

    client = lab.kernel_of("notebooks/01-callable.ipynb")
    printed: list[str] = []

    def hear(message: dict) -> None:
        printed.append(message["content"].get("text", ""))

    first = next(cell for cell in opened["cells"] if cell["cell_type"] == "code")
    code = f"{''.join(first['source'])}\nimport sys; print(sys.prefix)\nprint(site.folder)"
    told = client.execute_interactive(code, output_hook=hear, timeout=PATIENCE_S)
    client.shutdown()
    client.stop_channels()

    assert told["content"]["status"] == "ok"
    assert sys.prefix in "".join(printed)
