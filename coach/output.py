"""What a process prints, within bounds."""

from collections import deque

MAX_OUTPUT_BYTES = 1_000_000
MAX_OUTPUT_LINES = 10_000
KEPT_LINES = 40


class Output:
    """What a process printed: the first and the last lines, within bounds."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.last: deque[str] = deque(maxlen=KEPT_LINES)
        self.lines = 0
        self.bytes = 0

    @property
    def is_flooded(self) -> bool:
        return self.bytes > MAX_OUTPUT_BYTES or self.lines > MAX_OUTPUT_LINES

    def add(self, line: bytes) -> None:
        self.lines += 1
        self.bytes += len(line)
        text = line[:2_000].decode("utf-8", "replace").rstrip("\r\n")
        if len(self.first) < KEPT_LINES:
            self.first.append(text)
        else:
            self.last.append(text)

    def text(self) -> str:
        left_out = self.lines - len(self.first) - len(self.last)
        middle = [f"… {left_out} lines left out …"] if left_out > 0 else []
        return "\n".join([*self.first, *middle, *self.last])
