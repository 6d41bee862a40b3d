"""Runs what installs packages, and puts into words why it failed. Standard library alone."""

import os
import subprocess
import time

from coach.bootstrap import VENV, say

PROGRESS_S = 10

NO_NETWORK = """\
The packages could not be fetched: no package index answers.
Connect this machine to the internet (behind a proxy, set HTTPS_PROXY), then run again:"""
NO_TRUST = """\
The packages could not be fetched: this machine does not trust the certificate that was shown.
Behind a proxy that opens connections, name its certificate in SSL_CERT_FILE and PIP_CERT; then
run again:"""
NO_MATCH = """\
A package arrived other than the course knows it, so nothing of it was installed. A proxy or a
mirror may have changed it. On another network, or with pip's cache emptied, run again:"""
NO_SPACE = """\
The disk is full. In .venv the course takes up to 150 MB, and with Jupyter and the tests 800 MB.
Make room, then run again:"""
NO_WRITING = """\
The course's folder cannot be written to, and its packages belong in .venv there. Make the
folder yours, or copy the course to a folder that is, then run again:"""

NO_PACKAGES = "the folder of packages, as coach/offline.py puts it into words"

# Failures before anything was changed.
FETCHING = (NO_NETWORK, NO_TRUST, NO_MATCH, NO_PACKAGES)

# What installers print, and what it means. The first that matches is taken.
SIGNS = (
    (NO_SPACE, ("No space left on device", "os error 28", "not enough space on the disk")),
    (NO_WRITING, ("Read-only file system", "Permission denied", "Access is denied")),
    (NO_TRUST, ("CERTIFICATE_VERIFY_FAILED", "invalid peer certificate", "UnknownIssuer")),
    (NO_MATCH, ("DO NOT MATCH THE HASHES", "Hash mismatch")),
    (NO_NETWORK, ("from versions: none", "NewConnectionError", "NameResolutionError")),
    (NO_NETWORK, ("ConnectTimeoutError", "ReadTimeoutError", "timed out", "Connection refused")),
    (NO_NETWORK, ("ProxyError", "Network is unreachable", "error sending request", "dns error")),
)

# What would lead an installer out of .venv, or keep it from compiling.
NOT_FOR_INSTALLERS = {
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "UV_TARGET",
    "UV_PREFIX",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "PYTHONHOME",
    "__PYVENV_LAUNCHER__",
    "PYTHONDONTWRITEBYTECODE",
}


# What would lead an installer out of a folder of wheels, where there is no network.
NOT_FOR_OFFLINE = {
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "UV_INDEX",
    "UV_FIND_LINKS",
    "UV_CONFIG_FILE",
}


class SetupError(Exception):
    """Set-up cannot go on. The text says why and ends where the command to run next belongs;
    `cause` is one of the texts above, where the failure is a known one."""

    def __init__(self, text: str, cause: str | None = None) -> None:
        super().__init__(text)
        self.cause = cause


def failure(printed: str, fact: str) -> SetupError:
    """The error for what an installer printed: its cause in words, or else its last lines."""
    cause = explain(printed)
    return SetupError(cause, cause) if cause else unexplained(printed, fact)


def unexplained(printed: str, fact: str) -> SetupError:
    """The error that shows an installer's own last lines."""
    lines = [f"    {line}" for line in printed.strip().splitlines()[-6:]]
    return SetupError("\n".join([fact, *lines, "To try again:"]))


def explain(printed: str) -> str | None:
    """The cause of a failure, where what was printed establishes it."""
    for text, signs in SIGNS:
        if any(sign in printed for sign in signs):
            return text
    return None


def run(command: list[str], is_offline: bool = False) -> tuple[bool, str]:
    """Whether a command succeeded, and all that it printed."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=environ(is_offline),
        )
    except OSError as error:
        return False, str(error)
    with process:
        try:
            return wait(process)
        except KeyboardInterrupt:
            process.kill()
            raise


def wait(process: "subprocess.Popen[str]") -> tuple[bool, str]:
    """The end of a process, with a sign of life while it takes long."""
    began = time.monotonic()
    while True:
        try:
            printed, _ = process.communicate(timeout=PROGRESS_S)
        except subprocess.TimeoutExpired:
            say(f"  still at work after {time.monotonic() - began:.0f} s")
        else:
            return process.returncode == 0, printed


def environ(is_offline: bool = False) -> dict[str, str]:
    """The person's own environment, less what would mislead an installer."""
    misleading = NOT_FOR_INSTALLERS | (NOT_FOR_OFFLINE if is_offline else set())
    kept = {name: value for name, value in os.environ.items() if name not in misleading}
    if is_offline:
        kept |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}
    return kept | {
        "VIRTUAL_ENV": str(VENV),
        "PIP_USER": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
