"""How many files, and so connections, a process may have open."""

import contextlib
import os

WANTED = 4_000
OF_WINDOWS = 500  # its `select` takes 512 sockets


def allow_many_files() -> int:
    """Take as many as the system gives without asking; how many that are."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft >= WANTED:
            return WANTED
        wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return OF_WINDOWS if os.name == "nt" else WANTED
