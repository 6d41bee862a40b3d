"""The machine and the versions, as the header of every result names them. No paths, no names."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("Django", "channels", "daphne", "asgiref", "uvicorn", "websockets")


def machine() -> dict[str, str | int | float | None]:
    return {
        "system": f"{platform.system()} {short(platform.release())}".strip(),
        "cpu": cpu_name(),
        "cores": cores(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "memory_gib": memory_gib(),
    }


def versions() -> dict[str, str]:
    """The version of each package by its name in lower case; those that are there."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name.lower()] = version(name)
        except PackageNotFoundError:
            continue
    return found


def short(release: str) -> str:
    """The numbers at the beginning of a release; what follows may name somebody's machine."""
    numbers = re.match(r"\d+(\.\d+)*", release)
    return numbers[0] if numbers else ""


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return platform.processor() or platform.machine()
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1].strip() if named else platform.machine()


def memory_gib() -> float | None:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
    return round(total / 2**30, 1)
