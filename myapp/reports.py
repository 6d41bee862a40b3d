"""Reports, as a library that you cannot change would make them: they take their time."""

import time

# Seconds that one report takes.
REPORT_S = 0.5


def slow_report(subject: str) -> str:
    """The report on a subject. The thread that calls this is blocked until it is done."""
    time.sleep(REPORT_S)
    return f"report on {subject}"
